package helper_test

import (
	"context"
	"errors"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
)

// errKilled is what everything answers after the moment of death.
var errKilled = errors.New("killed")

// A death kills a Keeper at one of its steps: that step is the last that
// happens, or the first that does not, and nothing happens after it.
type death struct {
	left int  // steps until then
	done bool // the last step happens
	dead bool
}

// step runs f unless the Keeper is dead.
func (d *death) step(f func() error) error {
	if d.dead {
		return errKilled
	}
	d.left--
	if d.left > 0 {
		return f()
	}
	d.dead = true
	if d.done {
		_ = f()
	}
	return errKilled
}

type mortalStore struct {
	helper.Store
	death *death
}

func (m mortalStore) Get(ctx context.Context, name string) (item []byte, v helper.Version, err error) {
	err = m.death.step(func() error { item, v, err = m.Store.Get(ctx, name); return err })
	return item, v, err
}

func (m mortalStore) Put(ctx context.Context, name string, item []byte, expect helper.Version) (v helper.Version, err error) {
	err = m.death.step(func() error { v, err = m.Store.Put(ctx, name, item, expect); return err })
	return v, err
}

func (m mortalStore) Delete(ctx context.Context, name string, expect helper.Version) error {
	return m.death.step(func() error { return m.Store.Delete(ctx, name, expect) })
}

type mortalAccounts struct {
	helper.Accounts
	death *death
}

func (m mortalAccounts) Load(name string) (a helper.Account, err error) {
	err = m.death.step(func() error { a, err = m.Accounts.Load(name); return err })
	return a, err
}

func (m mortalAccounts) Update(name string, change func(*helper.Account) error) (a helper.Account, err error) {
	err = m.death.step(func() error { a, err = m.Accounts.Update(name, change); return err })
	return a, err
}

func (m mortalAccounts) Remove(name string) error {
	return m.death.step(func() error { return m.Accounts.Remove(name) })
}

// mortal returns the Keeper as it is in a process that dies.
func mortal(k helper.Keeper, d *death) helper.Keeper {
	stores := helper.Router{}
	for word, s := range k.Records.Stores {
		stores[word] = mortalStore{s, d}
	}
	k.Records = helper.Records{Accounts: mortalAccounts{k.Records.Accounts, d}, Stores: stores}
	return k
}

// everyDeath calls test with each death that a run can die, until a run is over
// before it.
func everyDeath(t *testing.T, test func(t *testing.T, d *death)) {
	for _, done := range []bool{false, true} {
		deaths := 0
		for step := 1; ; step++ {
			d := &death{left: step, done: done}
			test(t, d)
			if !d.dead || t.Failed() {
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
	everyDeath(t, func(t *testing.T, d *death) {
		k, from, to := twoStores(t)
		_, err := mortal(k, d).Migrate(t.Context(), load(t, k), "other")
		if (err != nil) != d.dead {
			t.Errorf("dead: %v, and yet %v", d.dead, err)
		}
		wantToken(t, k, "token")
		a, err := k.Migrate(t.Context(), load(t, k), "other")
		if err != nil {
			t.Fatalf("Migrate after a death at step %+v: %v", d, err)
		}
		sweep(t, k, a)
		wantToken(t, k, "token")
		wantItems(t, from, 0)
		wantItems(t, to, 1)
		if left := load(t, k).Leftovers; len(left) > 0 {
			t.Errorf("leftovers after a death: %v", left)
		}
	})
}
