package keychain

import (
	"context"
	"os/exec"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/zalando/go-keyring"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/storetest"
	"github.com/codex-cred/codex-cred/internal/test/parts"
	"github.com/codex-cred/codex-cred/internal/test/testkeyring"
)

// startKeePassXC starts KeePassXC, makes it the Secret Service of this process and puts an item in
// it. The store waits as long as the test: KeePassXC does not answer while it saves, on a busy
// computer for longer than the default timeouts.
func startKeePassXC(
	t *testing.T, confirm testkeyring.Confirm,
) (x *testkeyring.KeePassXC, s *Store, name string, v helper.Version) {
	t.Helper()
	x = runKeePassXC(t, confirm)
	s, name = New(), storetest.NewName(t)
	s.Timeout = parts.Patience(t)
	s.IdleTimeout = s.Timeout
	v, err := s.Put(t.Context(), name, []byte("item"), "")
	if err != nil {
		t.Fatal(err)
	}
	return x, s, name, v
}

func TestStoreOnKeePassXC(t *testing.T) {
	retryAfterCrash(t, func(t *testing.T) {
		x := runKeePassXC(t, testkeyring.Confirm{})
		storetest.Run(t, func(t *testing.T) func() helper.Store {
			return func() helper.Store {
				s := New()
				s.Timeout = parts.Patience(t)
				s.IdleTimeout = s.Timeout
				return s
			}
		})
		if left := x.Items(t); len(left) > 0 {
			t.Errorf("items are left: %q", left)
		}
	})
}

// TestKeePassXCTakesAnyItem writes bytes that are not text, and a placeholder that KeePassXC
// replaces in passwords.
func TestKeePassXCTakesAnyItem(t *testing.T) {
	_, s, name, v := startKeePassXC(t, testkeyring.Confirm{})
	for _, item := range []string{`{"title":"{TITLE}"}`, "\x00\xff\r\n", ""} {
		var err error
		if v, err = s.Put(t.Context(), name, []byte(item), v); err != nil {
			t.Fatalf("Put of %q: %v", item, err)
		}
		if got, _, err := s.Get(t.Context(), name); err != nil || string(got) != item {
			t.Errorf("Get = %q, %v; want %q", got, err, item)
		}
	}
}

// TestKeePassXCRefuses writes a reference to another entry, which KeePassXC refuses: every refusal
// must be an error.
func TestKeePassXCRefuses(t *testing.T) {
	_, s, name, v := startKeePassXC(t, testkeyring.Confirm{})
	reference := []byte("{REF:P@T:entry}")
	if _, err := s.Put(t.Context(), name, reference, v); err == nil {
		t.Error("to replace an item by a reference is no error")
	}
	if item, _, err := s.Get(t.Context(), name); err != nil || string(item) != "item" {
		t.Errorf("after that Get = %q, %v", item, err)
	}
	if _, err := s.Put(t.Context(), storetest.NewName(t), reference, ""); err == nil {
		t.Error("to create an item with a reference is no error")
	}
}

func TestOtherProgramsAndKeePassXC(t *testing.T) {
	x, s, name, _ := startKeePassXC(t, testkeyring.Confirm{})
	wantSecretTool(t, name, "item")
	other := storetest.NewName(t)
	if err := keyring.Set(Service, other, "from go-keyring"); err != nil {
		t.Fatal(err)
	}
	item, v, err := s.Get(t.Context(), other)
	if err != nil || string(item) != "from go-keyring" {
		t.Errorf("Get of what go-keyring set = %q, %v", item, err)
	}
	if _, err := s.Put(t.Context(), other, []byte("again"), v); err != nil {
		t.Fatal(err)
	}
	wantSecretTool(t, other, "again")
	wantItems(t, x.Items(t), name, other)
}

func wantSecretTool(t *testing.T, name, want string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "secret-tool", "lookup", "service", Service, "username", name).Output()
	if err != nil || string(out) != want {
		t.Errorf("secret-tool reads %q, %v; want %q", out, err, want)
	}
}

func TestLockedKeePassXC(t *testing.T) {
	x, s, name, v := startKeePassXC(t, testkeyring.Confirm{})
	x.Lock(t)
	messages := monitor(t)
	wantAll(t, s, name, v, helper.ErrLocked)
	wantErr(t, s.platform.set(t.Context(), name, []byte("other")), helper.ErrLocked)
	wantErr(t, s.platform.delete(t.Context(), name), helper.ErrLocked)
	_, _, err := s.Get(t.Context(), storetest.NewName(t))
	wantErr(t, err, helper.ErrLocked)
	wantNotErr(t, err, helper.ErrNotFound, ErrConfirm)
	wantCalls(t, messages, map[string]int{"Prompt": 0, "Unlock": 0})
}

// TestKeePassXCLockedAfterTheCheck checks that the prompt which would unlock the database is not
// started.
func TestKeePassXCLockedAfterTheCheck(t *testing.T) {
	x, s, name, _ := startKeePassXC(t, testkeyring.Confirm{})
	ctx, cancel := context.WithTimeout(t.Context(), parts.Patience(t))
	defer cancel()
	var messages <-chan *dbus.Message
	err := service(t, s).change(ctx, name, func(b bus, set itemSet) error {
		x.Lock(t)
		messages = monitor(t)
		return b.createItem(ctx, set, secret{Session: set.session, ContentType: contentType})
	})
	wantErr(t, err, helper.ErrLocked)
	wantCalls(t, messages, map[string]int{"CreateItem": 1, "Prompt": 0})
}

// TestKeePassXCLockedInADeletion checks that items which KeePassXC hides when it locks are not
// reported as absent.
func TestKeePassXCLockedInADeletion(t *testing.T) {
	x, s, name, _ := startKeePassXC(t, testkeyring.Confirm{})
	err := service(t, s).change(t.Context(), name, func(b bus, set itemSet) error {
		x.Lock(t)
		return b.deleteAll(t.Context(), set)
	})
	wantErr(t, err, helper.ErrLocked)
	wantNotErr(t, err, helper.ErrNotFound, helper.ErrUnknown)
}

// wantCalls wants that many calls of the methods since the monitor started.
func wantCalls(t *testing.T, messages <-chan *dbus.Message, want map[string]int) {
	t.Helper()
	emitEnd(t)
	got := map[string]int{}
	for {
		m := next(t, messages)
		member := header(m, dbus.FieldMember)
		if member == endMember {
			break
		}
		if m.Type == dbus.TypeMethodCall {
			got[member]++
		}
	}
	for member, n := range want {
		if got[member] != n {
			t.Errorf("%d calls of %s, want %d", got[member], member, n)
		}
	}
}

// TestKeePassXCConfirmsAccess checks that an item is locked if KeePassXC would ask the person: the
// permission lasts only as long as the connection.
func TestKeePassXCConfirmsAccess(t *testing.T) {
	_, s, name, v := startKeePassXC(t, testkeyring.Confirm{Access: true})
	messages := monitor(t)
	wantAll(t, s, name, v, helper.ErrLocked)
	wantAll(t, s, name, v, ErrConfirm)
	wantErr(t, s.platform.set(t.Context(), name, []byte("other")), helper.ErrLocked, ErrConfirm)
	_, _, err := s.Get(t.Context(), storetest.NewName(t))
	wantErr(t, err, helper.ErrNotFound)
	wantCalls(t, messages, map[string]int{"Prompt": 0, "Unlock": 0})
}

// TestKeePassXCDeletesWhatItDoesNotGive checks that an item which cannot be read can be deleted.
func TestKeePassXCDeletesWhatItDoesNotGive(t *testing.T) {
	x, s, name, _ := startKeePassXC(t, testkeyring.Confirm{Access: true})
	keeper := helper.Keeper{Records: helper.Records{Stores: helper.Router{"keychain": s}}}
	if err := keeper.DeleteItem(t.Context(), "keychain", name); err != nil {
		t.Error(err)
	}
	wantItems(t, x.Items(t))
}

func TestKeePassXCConfirmsDelete(t *testing.T) {
	x, s, name, v := startKeePassXC(t, testkeyring.Confirm{Delete: true})
	messages := monitor(t)
	s.platform = &afterGet{platform: s.platform, do: func() { s.Timeout = 200 * time.Millisecond }}
	err := s.Delete(t.Context(), name, v)
	wantErr(t, err, helper.ErrUnknown, helper.ErrTimeout)
	wantCalls(t, messages, map[string]int{"Prompt": 1, "Dismiss": 1})
	wantItems(t, x.Items(t), name)
}

// TestKeePassXCDeclines checks that a change which the person declines was not made.
func TestKeePassXCDeclines(t *testing.T) {
	x, s, name, v := startKeePassXC(t, testkeyring.Confirm{Delete: true})
	remove := func() error { return s.Delete(t.Context(), name, v) }
	deleted := answerPrompt(t, remove, func(conn *dbus.Conn, prompt dbus.ObjectPath) {
		if err := conn.Object(busName, prompt).CallWithContext(t.Context(), promptInterface+".Dismiss", 0).Err; err != nil {
			t.Errorf("dismiss the prompt: %v", err)
		}
	})
	wantErr(t, deleted, helper.ErrLocked)
	wantNotErr(t, deleted, helper.ErrUnknown)
	wantItems(t, x.Items(t), name)
}

func TestKeePassXCDiesInAPrompt(t *testing.T) {
	x, s, name, v := startKeePassXC(t, testkeyring.Confirm{Delete: true})
	remove := func() error { return s.Delete(t.Context(), name, v) }
	deleted := answerPrompt(t, remove, func(*dbus.Conn, dbus.ObjectPath) { x.Kill() })
	wantErr(t, deleted, helper.ErrUnknown)
	wantNotErr(t, deleted, helper.ErrTimeout)
}

// answerPrompt calls change, calls answer once the prompt has started, and returns the error of
// change.
func answerPrompt(t *testing.T, change func() error, answer func(conn *dbus.Conn, prompt dbus.ObjectPath)) error {
	t.Helper()
	messages := monitor(t)
	conn, err := dbus.ConnectSessionBus(dbus.WithContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	changed := make(chan error, 1)
	go func() { changed <- change() }()
	for {
		m := next(t, messages)
		if header(m, dbus.FieldMember) == "Prompt" {
			path, _ := m.Headers[dbus.FieldPath].Value().(dbus.ObjectPath)
			answer(conn, path)
			return <-changed
		}
	}
}

func TestStoppedKeePassXC(t *testing.T) {
	x, s, name, v := startKeePassXC(t, testkeyring.Confirm{})
	s.Timeout = 200 * time.Millisecond
	x.Stop(t)
	wantAll(t, s, name, v, helper.ErrTimeout)
}

// TestKilledKeePassXC checks that it is unavailable: unlike a keyring daemon, only a person starts
// it.
func TestKilledKeePassXC(t *testing.T) {
	x, s, name, v := startKeePassXC(t, testkeyring.Confirm{})
	x.Kill()
	wantAll(t, s, name, v, helper.ErrUnavailable)
}
