package helper_test

import (
	"context"
	"errors"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
)

// errKilled is the error of every step after the kill.
var errKilled = errors.New("killed")

// A failpoint stops a Keeper at one of its steps, before or after that step; no later step happens.
type failpoint struct {
	stepsLeft int  // steps until then
	completes bool // the last step happens
	killed    bool
}

// step runs f unless the failpoint was reached.
func (fp *failpoint) step(f func() error) error {
	if fp.killed {
		return errKilled
	}
	fp.stepsLeft--
	if fp.stepsLeft > 0 {
		return f()
	}
	fp.killed = true
	if fp.completes {
		_ = f()
	}
	return errKilled
}

type failpointStore struct {
	helper.Store
	failpoint *failpoint
}

func (m failpointStore) Get(ctx context.Context, name string) (item []byte, v helper.Version, err error) {
	err = m.failpoint.step(func() error { item, v, err = m.Store.Get(ctx, name); return err })
	return item, v, err
}

func (m failpointStore) Put(
	ctx context.Context, name string, item []byte, expect helper.Version,
) (v helper.Version, err error) {
	err = m.failpoint.step(func() error { v, err = m.Store.Put(ctx, name, item, expect); return err })
	return v, err
}

func (m failpointStore) Delete(ctx context.Context, name string, expect helper.Version) error {
	return m.failpoint.step(func() error { return m.Store.Delete(ctx, name, expect) })
}

type failpointAccounts struct {
	helper.Accounts
	failpoint *failpoint
}

func (m failpointAccounts) Load(name string) (a helper.Account, err error) {
	err = m.failpoint.step(func() error { a, err = m.Accounts.Load(name); return err })
	return a, err
}

func (m failpointAccounts) Update(name string, change func(*helper.Account) error) (a helper.Account, err error) {
	err = m.failpoint.step(func() error { a, err = m.Accounts.Update(name, change); return err })
	return a, err
}

func (m failpointAccounts) Remove(name string) error {
	return m.failpoint.step(func() error { return m.Accounts.Remove(name) })
}

// withFailpoint returns the Keeper with the failpoint in its stores and accounts.
func withFailpoint(k helper.Keeper, fp *failpoint) helper.Keeper {
	stores := helper.Router{}
	for word, s := range k.Records.Stores {
		stores[word] = failpointStore{s, fp}
	}
	k.Records = helper.Records{Accounts: failpointAccounts{k.Records.Accounts, fp}, Stores: stores}
	return k
}

// killAtEveryStep calls test with a failpoint at each step, until a run ends before its failpoint.
func killAtEveryStep(t *testing.T, test func(t *testing.T, fp *failpoint)) {
	for _, done := range []bool{false, true} {
		deaths := 0
		for step := 1; ; step++ {
			fp := &failpoint{stepsLeft: step, completes: done}
			test(t, fp)
			if !fp.killed || t.Failed() {
				break
			}
			deaths++
		}
		if deaths < 4 {
			t.Errorf("only %d deaths were died: does anything count the steps?", deaths)
		}
	}
}

func TestMigrateIsKilled(t *testing.T) {
	killAtEveryStep(t, func(t *testing.T, fp *failpoint) {
		k, from, to := twoStores(t)
		_, err := withFailpoint(k, fp).Migrate(t.Context(), load(t, k), "other")
		if (err != nil) != fp.killed {
			t.Errorf("dead: %v, and yet %v", fp.killed, err)
		}
		wantToken(t, k, "token")
		a, err := k.Migrate(t.Context(), load(t, k), "other")
		if err != nil {
			t.Fatalf("Migrate after a death at step %+v: %v", fp, err)
		}
		deleteLeftovers(t, k, a)
		wantToken(t, k, "token")
		wantItems(t, from, 0)
		wantItems(t, to, 1)
		if left := load(t, k).Leftovers; len(left) > 0 {
			t.Errorf("leftovers after a death: %v", left)
		}
	})
}
