package process

import "path/filepath"

// Directory returns usual, the directory that the XDG library chose, unless
// that is the library's default on macOS, "Application Support". The space in
// it breaks callers that split the command line of codex-cred, such as GOAUTH,
// and the tools that codex-cred serves (Codex, OpenCode, gh) do not use it
// either. In its place Directory returns the folder below the home directory,
// as on Linux.
func Directory(usual string, getenv func(string) string, variable, below string) string {
	home := getenv("HOME")
	if usual != filepath.Join(home, "Library", "Application Support") || getenv(variable) == usual {
		return usual
	}
	return filepath.Join(home, filepath.FromSlash(below))
}
