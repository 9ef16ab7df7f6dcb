package process

import "path/filepath"

// Directory returns the folder that the library of XDG names, except where that is
// what it says on macOS if the variable is not set, "Application Support". Its
// space breaks callers that split the command by which they run us, such as GOAUTH,
// and the tools that we serve (Codex, OpenCode, gh) are not there either: as on
// Linux it is the folder below the home.
func Directory(usual string, getenv func(string) string, variable, below string) string {
	home := getenv("HOME")
	if usual != filepath.Join(home, "Library", "Application Support") || getenv(variable) == usual {
		return usual
	}
	return filepath.Join(home, filepath.FromSlash(below))
}
