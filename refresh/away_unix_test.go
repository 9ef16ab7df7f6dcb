//go:build unix

package refresh_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/fallbackfile"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/accountdir"
	"github.com/codex-cred/codex-cred/internal/authserver"
	"github.com/codex-cred/codex-cred/internal/filelock"
	"github.com/codex-cred/codex-cred/internal/journal"
	"github.com/codex-cred/codex-cred/refresh"
)

// onFiles signs in anew on real files, below the root that it returns. The access
// token has expired.
func (w *world) onFiles(t *testing.T) (root string) {
	t.Helper()
	root = filepath.Join(t.TempDir(), "codex-cred")
	w.rotation.Records = helper.Records{
		Accounts: accountdir.New(root, w.clock.Now), Stores: helper.Router{"memory": fallbackfile.New(root)},
	}
	w.rotation.Locker = filelock.New(root)
	w.signIn(t, refresh.ProfileOAuth)
	w.rotation.Locker, w.rotation.Journals = filelock.New(root).Rooted(), journal.New(root).Rooted()
	w.primed(t)
	w.clock.advance(life)
	return root
}

// The root, or one directory in it, goes away at any step from the request on and
// comes back after the refresh. Nothing is made in its place, nothing is revoked, no
// token is presented twice, and the sign-in goes on.
func TestRotation_DirectoryAway(t *testing.T) {
	steps := []string{
		"sending", "send-before", "send-after", "answer-before", "answer-after", "parse",
		"put-before", "put-after", "readback", "account", "empty",
	}
	for _, dir := range []string{".", "accounts", "credentials", "journal", "locks"} {
		for _, step := range steps {
			t.Run(dir+" at "+step, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, refresh.ProfileOAuth)
				path := filepath.Join(w.onFiles(t), dir)
				w.awayAt(t, step, path)
				w.wantRequests(t, authserver.GrantRefresh, 2)
				w.wantGoesOn(t)
			})
		}
	}
}

// awayAt refreshes while the directory is away from the step on.
func (w *world) awayAt(t *testing.T, step, path string) {
	t.Helper()
	gone := false
	w.rotation.At = func(at string) error {
		if at != step || gone {
			return nil
		}
		gone = true
		return os.Rename(path, path+".away")
	}
	rec, err := w.rotation.Refresh(soon(t), helper.Demand{Account: "work", Generation: 2})
	w.wantQuiet(t, err)
	if !gone {
		t.Fatalf("there is no step %s", step)
	}
	if !w.server.Accepts(rec.Credential.AccessToken.Reveal()) || errors.Is(err, helper.ErrNotStored) || errors.Is(err, helper.ErrNotFound) {
		t.Errorf("error %v, want the new credential", err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("something was made in its place: %v", err)
	}
	if err := os.Rename(path+".away", path); err != nil {
		t.Fatal(err)
	}
	w.rotation.At = nil
}

// wantGoesOn wants what generation 2 was refreshed to, and then the next refresh.
func (w *world) wantGoesOn(t *testing.T) {
	t.Helper()
	for generation := uint64(2); generation < 4; generation++ {
		rec, err := w.rotation.Refresh(soon(t), helper.Demand{Account: "work", Generation: generation})
		if err != nil || rec.Credential.Generation != generation+1 || !w.server.Accepts(rec.Credential.AccessToken.Reveal()) {
			t.Fatalf("the next refresh: generation %d, error %v; want %d and a good token", rec.Credential.Generation, err, generation+1)
		}
		w.clock.advance(life)
	}
	w.wantRequests(t, authserver.GrantRefresh, 3)
	w.wantRequests(t, authserver.GrantRevoke, 0)
}

// A directory that comes back while the worker still tries is written to.
func TestRotation_DirectoryBackInTime(t *testing.T) {
	w := newWorld(t, refresh.ProfileOAuth)
	root := w.onFiles(t)
	w.rotation.After = func(time.Duration) <-chan time.Time {
		_ = os.Rename(root+".away", root)
		c := make(chan time.Time, 1)
		c <- time.Time{}
		return c
	}
	w.rotation.At = func(step string) error {
		if step == "answer-after" {
			return os.Rename(root, root+".away")
		}
		return nil
	}
	if rec, err := w.rotation.Refresh(soon(t), helper.Demand{Account: "work", Generation: 2}); err != nil || rec.Credential.Generation != 3 {
		t.Errorf("generation %d, error %v", rec.Credential.Generation, err)
	}
	if got := w.read(t).Credential.Generation; got != 3 {
		t.Errorf("stored is generation %d, want 3", got)
	}
	w.wantEmpty(t)
}
