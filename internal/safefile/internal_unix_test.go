//go:build unix

package safefile

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
)

// TestCheckNew is the refusal of file systems like exFAT: the mode that was
// just set is not the mode that is there.
func TestCheckNew(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	if err := os.Chmod(path, 0o777); err != nil {
		t.Fatal(err)
	}
	err := checkNew(path)
	refused := (*helper.UnsafeError)(nil)
	if !errors.As(err, &refused) || !strings.Contains(refused.Problem, "keeps no modes") || !strings.Contains(refused.Fix, "CODEX_CRED_HOME") {
		t.Errorf("checkNew = %v, want the refusal of a file system without modes", err)
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/home/a/.local/share/codex-cred": "/home/a/.local/share/codex-cred",
		"/home/it's me":                   `'/home/it'\''s me'`,
		"/a;b":                            "'/a;b'",
		"/a$(b)":                          "'/a$(b)'",
	} {
		if got := quote(path); got != want {
			t.Errorf("quote(%q) = %s, want %s", path, got, want)
		}
	}
}
