package process

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/codex-cred/codex-cred/helper/wire/output"
)

// WorkerEnvironment returns the part of the caller's environment with which a
// worker finds its files, the keychain and the issuer. It drops everything
// else, for instance a token, because a worker outlives its caller.
func WorkerEnvironment(environment []string) []string {
	kept := make([]string, 0, len(environment))
	for _, variable := range environment {
		name, value, _ := strings.Cut(variable, "=")
		if !forWorker(strings.ToUpper(name)) {
			continue
		}
		if strings.HasPrefix(name, "SSL_CERT_") {
			value = absolute(value) // a worker has another working directory
		}
		kept = append(kept, name+"="+value)
	}
	return kept
}

func forWorker(name string) bool {
	for _, prefix := range []string{"XDG_", "LC_", "SSL_CERT_", "CODEX_CRED_"} {
		if strings.HasPrefix(name, prefix) {
			return name != output.TokenVariable && name != output.AccountIDVariable
		}
	}
	return slices.Contains([]string{
		// Go's runtime reads these. Other variables with GO are left out:
		// GOOGLE_API_KEY and GOPROXY may hold secrets, GODEBUG can weaken TLS or log
		// what is sent, GOTRACEBACK can dump core, and GOGC and GOMEMLIMIT can starve
		// a process that runs unattended.
		"GORACE", "GOCOVERDIR", "GOMAXPROCS",
		"HOME", "PATH", "LANG", "TMPDIR", "DBUS_SESSION_BUS_ADDRESS",
		"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY",
		// Windows
		"SYSTEMROOT", "SYSTEMDRIVE", "USERPROFILE", "LOCALAPPDATA", "APPDATA", "PROGRAMDATA",
		"USERNAME", "USERDOMAIN", "TEMP", "TMP", "WINDIR",
	}, name)
}

// absolute makes each path of the list absolute.
func absolute(list string) string {
	paths := filepath.SplitList(list)
	for i, path := range paths {
		if whole, err := filepath.Abs(path); err == nil && path != "" {
			paths[i] = whole
		}
	}
	return strings.Join(paths, string(filepath.ListSeparator))
}

// IsOurs reports whether the variable configures codex-cred.
func IsOurs(name string) bool { return strings.HasPrefix(strings.ToUpper(name), "CODEX_CRED_") }

// WithoutOurs returns the environment without the variables of codex-cred. A
// token that exec put there would live as long as the browser.
func WithoutOurs(environment []string) []string {
	kept := make([]string, 0, len(environment))
	for _, variable := range environment {
		if name, _, _ := strings.Cut(variable, "="); !IsOurs(name) {
			kept = append(kept, variable)
		}
	}
	return kept
}

// RunWithoutOurs calls run while the process's environment lacks the variables
// of codex-cred, for a library that starts a browser with that environment.
func RunWithoutOurs(run func() error) error {
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		if IsOurs(name) && os.Unsetenv(name) == nil {
			defer func() { _ = os.Setenv(name, value) }()
		}
	}
	return run()
}
