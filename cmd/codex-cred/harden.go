package main

import (
	"os"
	"strings"
)

// forBrowser returns the environment without what is meant for us, or comes from
// us: a token that exec put there would live as long as the browser.
func forBrowser(environment []string) []string {
	kept := make([]string, 0, len(environment))
	for _, variable := range environment {
		if name, _, _ := strings.Cut(variable, "="); !ours(name) {
			kept = append(kept, variable)
		}
	}
	return kept
}

// withoutOurs calls run while the environment of the process is that of a browser:
// where a library starts it, it inherits that.
func withoutOurs(run func() error) error {
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		if ours(name) && os.Unsetenv(name) == nil {
			defer func() { _ = os.Setenv(name, value) }()
		}
	}
	return run()
}
