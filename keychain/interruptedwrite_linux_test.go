package keychain

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/storetest"
)

// A writeCall is one call of the Secret Service that writes.
type writeCall struct {
	member string
	absent bool // no item exists before the call
	do     func(ctx context.Context, b bus, set itemSet) error
	left   string // the content of the item after it
}

func writeCalls() map[string]writeCall {
	put := func(ctx context.Context, b bus, set itemSet) error { return b.put(ctx, set, []byte("other")) }
	deleteAll := func(ctx context.Context, b bus, set itemSet) error { return b.deleteAll(ctx, set) }
	return map[string]writeCall{
		"replace": {"SetSecret", false, put, "other"},
		"create":  {"CreateItem", true, put, "other"},
		"delete":  {"Delete", false, deleteAll, ""},
	}
}

// forEachWrite runs the test with every writeCall, with an item or without one.
func forEachWrite(
	t *testing.T, test func(t *testing.T, kill func(unlock bool), stop func(), s *Store, name string, w writeCall),
) {
	t.Helper()
	for what, w := range writeCalls() {
		t.Run(what, func(t *testing.T) {
			k, s, name, _ := startKeyring(t)
			if w.absent {
				name = storetest.NewName(t)
			}
			kill := func(unlock bool) {
				k.Kill()
				if unlock {
					k.Unlock(t)
				}
			}
			test(t, kill, func() { k.Stop(t) }, s, name, w)
		})
	}
}

// TestNoWriteIsRepeated kills the daemon before it answers a write.
func TestNoWriteIsRepeated(t *testing.T) {
	forEachWrite(t, func(t *testing.T, kill func(bool), stop func(), s *Store, name string, w writeCall) {
		messages := monitor(t)
		calls := make(chan int)
		go func() {
			n := 0
			for m := range messages {
				member := header(m, dbus.FieldMember)
				if member == endMember {
					break
				}
				if m.Type == dbus.TypeMethodCall && member == w.member {
					if n++; n == 1 {
						kill(false)
					}
				}
			}
			calls <- n
		}()
		tries := 0
		err := service(t, s).change(t.Context(), name, func(b bus, set itemSet) error {
			if tries++; tries == 1 {
				stop()
			}
			return w.do(t.Context(), b, set)
		})
		wantErr(t, err, helper.ErrUnknown)
		wantNotErr(t, err, helper.ErrUnavailable, helper.ErrLocked)
		emitEnd(t)
		if n := <-calls; n != 1 || tries != 1 {
			t.Errorf("in %d tries %d calls of %s, want 1 and 1", tries, n, w.member)
		}
	})
}

// TestANewDaemonIsAskedAgain restarts the daemon between the search and the write: it knows neither
// the session nor, perhaps, the item.
func TestANewDaemonIsAskedAgain(t *testing.T) {
	forEachWrite(t, func(t *testing.T, kill func(bool), _ func(), s *Store, name string, w writeCall) {
		var once atomic.Bool
		err := service(t, s).change(t.Context(), name, func(b bus, set itemSet) error {
			if once.CompareAndSwap(false, true) {
				kill(true)
			}
			return w.do(t.Context(), b, set)
		})
		if err != nil {
			t.Fatal(err)
		}
		if w.left != "" {
			wantContent(t, s, name, w.left)
			return
		}
		_, _, err = s.Get(t.Context(), name)
		wantErr(t, err, helper.ErrNotFound)
	})
}

// TestANewDaemonIsLocked checks that an item which a locked daemon does not know is not reported as
// absent.
func TestANewDaemonIsLocked(t *testing.T) {
	forEachWrite(t, func(t *testing.T, kill func(bool), _ func(), s *Store, name string, w writeCall) {
		err := service(t, s).change(t.Context(), name, func(b bus, set itemSet) error {
			kill(false)
			return w.do(t.Context(), b, set)
		})
		wantErr(t, err, helper.ErrLocked)
		wantNotErr(t, err, helper.ErrNotFound, helper.ErrUnknown)
	})
}

// TestDeletedSinceTheSearch checks a deletion after another program has deleted the items or
// recreated one.
func TestDeletedSinceTheSearch(t *testing.T) {
	k, s, name, _ := startKeyring(t)
	for _, recreate := range []bool{true, false} {
		tries := 0
		err := service(t, s).change(t.Context(), name, func(b bus, set itemSet) error {
			if tries++; tries == 1 {
				if err := b.deleteItem(t.Context(), set.collection, set.items[0]); err != nil {
					t.Fatal(err)
				}
				if recreate {
					set.items[0] += "9" // a daemon may reuse a path
					return addDuplicateThenDelete(t, b, set)
				}
			}
			return b.deleteAll(t.Context(), set)
		})
		if recreate {
			if err != nil || tries != 2 {
				t.Errorf("after %d tries %v", tries, err)
			}
			wantItems(t, k.Items(t))
			addDuplicate(t, s, name, "item")
			continue
		}
		wantErr(t, err, helper.ErrNotFound)
	}
}

func addDuplicateThenDelete(t *testing.T, b bus, set itemSet) error {
	t.Helper()
	if err := b.createItem(t.Context(), set, secret{Session: set.session, ContentType: contentType}); err != nil {
		t.Fatal(err)
	}
	return b.deleteAll(t.Context(), set)
}

func TestAChangeClosesItsConnection(t *testing.T) {
	_, s, name, _ := startKeyring(t)
	ctx, cancel := context.WithTimeout(t.Context(), defaultTimeout) // the next change waits for the name until then
	defer cancel()
	for _, end := range []error{nil, helper.ErrNotFound} {
		var conn *dbus.Conn
		err := service(t, s).change(ctx, name, func(b bus, _ itemSet) error { conn = b.conn; return end })
		if !errors.Is(err, end) {
			t.Fatalf("error %v, want %v", err, end)
		}
		if conn.Connected() {
			t.Errorf("after a change that returns %v the connection is open", end)
		}
	}
}

// endedContext is a context that is cancelled without closing Done.
type endedContext struct{ context.Context } //nolint:containedctx // a context by design

func (endedContext) Err() error { return context.Canceled }

// TestCancelledInTheSearch cancels the context where only a check before the write can notice.
func TestCancelledInTheSearch(t *testing.T) {
	_, s, name, _ := startKeyring(t)
	err := service(t, s).change(endedContext{t.Context()}, name, func(bus, itemSet) error {
		t.Error("the change was begun")
		return nil
	})
	wantErr(t, err, context.Canceled)
	wantContent(t, s, name, "item")
}
