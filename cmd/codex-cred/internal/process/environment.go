package process

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/codex-cred/codex-cred/helper/wire/output"
)

// WorkerEnvironment is what a worker gets of the caller's environment: by what
// it finds its files, the keychain and the issuer. Whatever else there is, a token
// for instance, is no business of a process that outlives the caller.
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
		// Of what Go's runtime reads; GOOGLE_API_KEY and GOPROXY may hold secrets.
		// GODEBUG weakens TLS or writes down what is sent, GOTRACEBACK leaves cores,
		// GOGC and GOMEMLIMIT starve a process that nobody watches.
		"GORACE", "GOCOVERDIR", "GOMAXPROCS",
		"HOME", "PATH", "LANG", "TMPDIR", "DBUS_SESSION_BUS_ADDRESS",
		"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY",
		// of Windows
		"SYSTEMROOT", "SYSTEMDRIVE", "USERPROFILE", "LOCALAPPDATA", "APPDATA", "PROGRAMDATA",
		"USERNAME", "USERDOMAIN", "TEMP", "TMP", "WINDIR",
	}, name)
}

// absolute returns the list of paths with each from the root.
func absolute(list string) string {
	paths := filepath.SplitList(list)
	for i, path := range paths {
		if whole, err := filepath.Abs(path); err == nil && path != "" {
			paths[i] = whole
		}
	}
	return strings.Join(paths, string(filepath.ListSeparator))
}

// IsOurs reports whether the variable says something to this program.
func IsOurs(name string) bool { return strings.HasPrefix(strings.ToUpper(name), "CODEX_CRED_") }

// WithoutOurs returns the environment without what is meant for us, or comes from
// us: a token that exec put there would live as long as the browser.
func WithoutOurs(environment []string) []string {
	kept := make([]string, 0, len(environment))
	for _, variable := range environment {
		if name, _, _ := strings.Cut(variable, "="); !IsOurs(name) {
			kept = append(kept, variable)
		}
	}
	return kept
}

// RunWithoutOurs calls run while the environment of the process is that of a browser:
// where a library starts it, it inherits that.
func RunWithoutOurs(run func() error) error {
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		if IsOurs(name) && os.Unsetenv(name) == nil {
			defer func() { _ = os.Setenv(name, value) }()
		}
	}
	return run()
}
