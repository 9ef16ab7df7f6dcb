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
	"github.com/codex-cred/codex-cred/internal/disk/accountdir"
	"github.com/codex-cred/codex-cred/internal/disk/filelock"
	"github.com/codex-cred/codex-cred/internal/disk/journal"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/refresh"
)

// useFiles signs in again on real files below the returned root. The access token has expired.
func (env *environment) useFiles(t *testing.T) (root string) {
	t.Helper()
	root = filepath.Join(t.TempDir(), "codex-cred")
	env.rotation.Records = helper.Records{
		Accounts: accountdir.New(root, env.clock.Now), Stores: helper.Router{"memory": fallbackfile.New(root)},
	}
	env.rotation.Locker = filelock.New(root)
	env.signIn(t, refresh.ProfileOAuth)
	env.rotation.Locker, env.rotation.Journals = filelock.New(root).RequireRoot(), journal.New(root).RequireRoot()
	env.refreshOnce(t)
	env.clock.advance(life)
	return root
}

// TestRotation_DirectoryAwayBeforeTheRequest checks that nothing is sent if the root, or a directory that a rotation
// needs, is missing right before the request.
func TestRotation_DirectoryAwayBeforeTheRequest(t *testing.T) {
	for _, dir := range []string{".", "accounts", "journal"} {
		for _, step := range []string{"sending", "send-before"} {
			t.Run(dir+" at "+step, func(t *testing.T) {
				t.Parallel()
				env := newEnvironment(t, refresh.ProfileOAuth)
				path := filepath.Join(env.useFiles(t), dir)
				_, err := env.removeAt(t, step, path)
				if !errors.Is(err, helper.ErrTemporary) && !errors.Is(err, helper.ErrBusy) {
					t.Errorf("error %v, want ErrTemporary or ErrBusy", err)
				}
				env.wantRequests(t, authserver.GrantRefresh, 1)
				env.wantRefreshable(t)
			})
		}
	}
}

// TestRotation_DirectoryAway checks a root or directory that is missing from any step after the request until the
// refresh has ended. It is not created, nothing is revoked, no token is presented twice, and the sign-in stays usable.
func TestRotation_DirectoryAway(t *testing.T) {
	steps := []string{
		"send-after", "answer-before", "answer-after", "parse",
		"put-before", "put-after", "readback", "account", "empty",
	}
	before := []string{"sending", "send-before"} // these find what they need
	places := map[string][]string{
		".": steps, "accounts": steps, "journal": steps,
		"credentials": append(before, steps...), "locks": append(before, steps...),
	}
	for dir, steps := range places {
		for _, step := range steps {
			t.Run(dir+" at "+step, func(t *testing.T) {
				t.Parallel()
				env := newEnvironment(t, refresh.ProfileOAuth)
				path := filepath.Join(env.useFiles(t), dir)
				rec, err := env.removeAt(t, step, path)
				if !env.server.Accepts(rec.Credential.AccessToken.Reveal()) || errors.Is(err, helper.ErrNotStored) ||
					errors.Is(err, helper.ErrNotFound) {
					t.Errorf("error %v, want the new credential", err)
				}
				env.wantRequests(t, authserver.GrantRefresh, 2)
				env.wantRefreshable(t)
			})
		}
	}
}

// removeAt refreshes while the directory is missing from the step on.
func (env *environment) removeAt(t *testing.T, step, path string) (helper.Record, error) {
	t.Helper()
	gone := false
	env.rotation.At = func(at string) error {
		if at != step || gone {
			return nil
		}
		gone = true
		return os.Rename(path, path+".away")
	}
	rec, err := env.rotation.Refresh(timeoutContext(t), helper.Demand{Account: "work", Generation: 2})
	env.wantNoSecrets(t, err)
	if !gone {
		t.Fatalf("there is no step %s", step)
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("something was made in its place: %v", err)
	}
	if err := os.Rename(path+".away", path); err != nil {
		t.Fatal(err)
	}
	env.rotation.At = nil
	return rec, err
}

// wantRefreshable checks that generation 3 is stored and can be refreshed.
func (env *environment) wantRefreshable(t *testing.T) {
	t.Helper()
	for generation := uint64(2); generation < 4; generation++ {
		rec, err := env.rotation.Refresh(timeoutContext(t), helper.Demand{Account: "work", Generation: generation})
		if err != nil || rec.Credential.Generation != generation+1 ||
			!env.server.Accepts(rec.Credential.AccessToken.Reveal()) {
			t.Fatalf("the next refresh: generation %d, error %v; want %d and a good token", rec.Credential.Generation, err,
				generation+1)
		}
		env.clock.advance(life)
	}
	env.wantRequests(t, authserver.GrantRefresh, 3)
	env.wantRequests(t, authserver.GrantRevoke, 0)
}

// TestRotation_DirectoryBackInTime checks that the worker stores the credential when the directory is back.
func TestRotation_DirectoryBackInTime(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOAuth)
	root := env.useFiles(t)
	env.rotation.After = func(time.Duration) <-chan time.Time {
		_ = os.Rename(root+".away", root)
		c := make(chan time.Time, 1)
		c <- time.Time{}
		return c
	}
	env.rotation.At = func(step string) error {
		if step == "answer-after" {
			return os.Rename(root, root+".away")
		}
		return nil
	}
	if rec, err := env.rotation.Refresh(timeoutContext(t), helper.Demand{Account: "work", Generation: 2}); err != nil ||
		rec.Credential.Generation != 3 {
		t.Errorf("generation %d, error %v", rec.Credential.Generation, err)
	}
	if got := env.read(t).Credential.Generation; got != 3 {
		t.Errorf("stored is generation %d, want 3", got)
	}
	env.wantNoJournal(t)
}
