package main

import (
	"context"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/fallbackfile"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/filelock"
)

// trying simulates a login or migrate that was stopped while it tested the store: the item exists,
// and its lock is held until "trying over".
//
//	trying [over]
func (s *stage) trying(ts *testscript.TestScript, args []string) {
	if len(args) > 0 {
		ts.Check(s.tried())
		return
	}
	root := ts.Getenv("ROOT")
	unlock, err := filelock.New(root).Lock(s.t.Context(), string((&home.Home{Root: root}).TrialID()))
	ts.Check(err)
	s.tried = unlock
	s.trial(ts, nil)
}

// A leakyStore loses every item that it stores.
type leakyStore struct{ helper.Store }

// Put stores the item and deletes it again.
func (s leakyStore) Put(ctx context.Context, name string, item []byte, expect helper.Version) (helper.Version, error) {
	v, err := s.Store.Put(ctx, name, item, expect)
	if err == nil {
		err = s.Delete(ctx, name, v)
	}
	return v, err
}

// TestProbe_Gone checks that a lost test item is a temporary error, and not a missing account.
func TestProbe_Gone(t *testing.T) {
	t.Parallel()
	root := t.TempDir() + "/root"
	p := newProgram()
	w := p.wireAt(root)
	must(t, w.Probe(t.Context(), home.StoreFile))
	w.Records.Stores = helper.Router{home.StoreFile: leakyStore{fallbackfile.New(root)}}
	w.Keeper.Records = w.Records
	if code := exit.Code(w.Probe(t.Context(), home.StoreFile)); code != exit.Temporary {
		t.Errorf("the exit code is %d, want %d", code, exit.Temporary)
	}
}
