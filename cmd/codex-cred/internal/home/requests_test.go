package home

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/requestlog"
	"github.com/codex-cred/codex-cred/internal/disk/filelock"
	"github.com/codex-cred/codex-cred/refresh"
)

// TestFlushingLocker: who gets the lock after a refresh finds in the log what that
// refresh has asked for; nothing comes later.
func TestFlushingLocker(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "root")
	log := requestlog.New(root)
	recorder := log.Record("refresh-worker", false, func(err error) { t.Error(err) })
	unlock, err := FlushingLocker{Locker: filelock.New(root), Recorder: recorder}.Lock(t.Context(), "0123456789abcdef0123456789abcdef")
	must(t, err)
	lines := 100
	if testing.Short() { // nobody waits longer than a second for the log
		lines = 10
	}
	for range lines {
		recorder.Observe(t.Context(), refresh.Exchange{Endpoint: "https://auth.example.com/token"})
	}
	must(t, unlock())
	before, err := os.ReadFile(log.Path())
	must(t, err)
	recorder.Flush()
	after, err := os.ReadFile(log.Path())
	must(t, err)
	if len(before) != len(after) || len(after) == 0 {
		t.Errorf("the log has %d bytes when the lock is free, and %d in the end", len(before), len(after))
	}
}
