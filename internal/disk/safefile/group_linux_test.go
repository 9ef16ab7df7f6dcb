package safefile_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/internal/test/parts"
)

// TestCheckRoot_SetGroupID runs a copy of this program that is set-group-ID, and one that is
// set-user-ID.
func TestCheckRoot_SetGroupID(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		parts.Need(t, "root", errors.New("only root can give a file away"))
	}
	self, err := os.Executable()
	must(t, err)
	content, err := os.ReadFile(self)
	must(t, err)
	for _, c := range []struct {
		name     string
		uid, gid int
		mode     os.FileMode
		want     string
	}{
		{"plain", 4321, 4321, 0o755, ""},
		{"set-group-ID", 0, 4321, 0o755 | os.ModeSetgid, "is not touched by a program that runs with another group's rights (gid 0, effective gid 4321); run codex-cred as one group: it must not be set-group-ID"},
		{"set-user-ID", 4321, 0, 0o755 | os.ModeSetuid, "is not touched by a program that runs with another user's rights (uid 0, effective uid 4321); run codex-cred as one user: it must not be set-user-ID"},
	} {
		program, root := filepath.Join(t.TempDir(), "program"), filepath.Join(t.TempDir(), "root")
		must(t, os.WriteFile(program, content, 0o700))
		must(t, os.Chown(program, c.uid, c.gid))
		must(t, os.Chmod(program, c.mode))
		ctx, cancel := context.WithTimeout(t.Context(), parts.Patience(t))
		out, err := exec.CommandContext(ctx, program, "--", "checkroot", "0", root).CombinedOutput()
		cancel()
		want := ""
		if c.want != "" {
			want = "unsafe: " + root + " " + c.want
		}
		if got := strings.TrimSpace(string(out)); err != nil || got != want {
			t.Errorf("%s: it says %q (%v), want %q", c.name, got, err, want)
		}
	}
}
