//go:build linux

package keychain

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/storetest"
	"github.com/codex-cred/codex-cred/internal/test/testkeyring"
)

// startKeyring starts a private keyring, makes it the one of this process and puts an item in it.
func startKeyring(t *testing.T) (k *testkeyring.Keyring, s *Store, name string, v helper.Version) {
	t.Helper()
	k = testkeyring.Start(t)
	k.Setenv(t)
	s, name = New(), storetest.NewName(t)
	v, err := s.Put(t.Context(), name, []byte("item"), "")
	if err != nil {
		t.Fatal(err)
	}
	return k, s, name, v
}

func TestStoreOnGnomeKeyring(t *testing.T) {
	k := testkeyring.Start(t)
	k.Setenv(t)
	storetest.Run(t, func(*testing.T) func() helper.Store {
		return func() helper.Store { return New() }
	})
	if !k.Alive() {
		t.Error("the keyring daemon died")
	}
	if left := k.Items(t); len(left) > 0 {
		t.Errorf("items are left: %q", left)
	}
}

func TestOtherProgramsReadTheItem(t *testing.T) {
	_, s, name, v := startKeyring(t)
	want := make([]byte, 5_000)
	_, _ = rand.Read(want)
	if _, err := s.Put(t.Context(), name, want, v); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "secret-tool", "lookup", "service", Service, "username", name).Output()
	if err != nil || !bytes.Equal(out, want) {
		t.Errorf("secret-tool reads %d bytes, error %v; want the %d bytes of the item", len(out), err, len(want))
	}
	bare, err := keyring.Get(Service, name)
	if err != nil || bare != string(want) {
		t.Errorf("go-keyring reads %d bytes, error %v; want the %d bytes of the item", len(bare), err, len(want))
	}
}

func TestItemsOfOtherPrograms(t *testing.T) {
	k, s, _, _ := startKeyring(t)
	name := storetest.NewName(t)
	if err := keyring.Set(Service, name, "from go-keyring"); err != nil {
		t.Fatal(err)
	}
	item, v, err := s.Get(t.Context(), name)
	if err != nil || string(item) != "from go-keyring" {
		t.Errorf("Get = %q, %v", item, err)
	}
	if err := s.Delete(t.Context(), name, v); err != nil {
		t.Fatal(err)
	}
	if slices.Contains(k.Items(t), name) {
		t.Error("the deleted item is still there")
	}
}

func TestLockedKeyring(t *testing.T) {
	k, s, name, v := startKeyring(t)
	k.Lock(t)
	wantAll(t, s, name, v, helper.ErrLocked)
	_, _, err := s.Get(t.Context(), storetest.NewName(t))
	wantErr(t, err, helper.ErrLocked)
	wantNotErr(t, err, helper.ErrNotFound)
	if k.Prompted() {
		t.Error("a person was asked for the password")
	}
}

// TestLockedBetweenReadAndWrite locks the collection where only the check before the write can
// notice.
func TestLockedBetweenReadAndWrite(t *testing.T) {
	k, s, name, v := startKeyring(t)
	s.platform = &afterGet{platform: s.platform, do: func() { k.Lock(t) }}
	_, err := s.Put(t.Context(), name, []byte("other"), v)
	wantErr(t, err, helper.ErrLocked)
	wantNotErr(t, err, helper.ErrUnknown)
	if k.Prompted() {
		t.Error("a person was asked for the password")
	}
}

// afterGet calls do after each read.
type afterGet struct {
	platform
	do func()
}

func (a *afterGet) get(ctx context.Context, user string) ([]byte, error) {
	item, err := a.platform.get(ctx, user)
	a.do()
	return item, err
}

func TestStoppedDaemon(t *testing.T) {
	k, s, name, v := startKeyring(t)
	s.Timeout = 200 * time.Millisecond
	k.Stop(t)
	wantAll(t, s, name, v, helper.ErrTimeout)
	k.Continue(t)
	s.Timeout = 0
	if item, _, err := s.Get(t.Context(), name); err != nil || string(item) != "item" {
		t.Errorf("after the daemon went on: Get = %q, %v", item, err)
	}
}

func TestDaemonStoppedBetweenReadAndWrite(t *testing.T) {
	k, s, name, v := startKeyring(t)
	s.platform = &afterGet{platform: s.platform, do: func() {
		k.Stop(t)
		s.Timeout = 200 * time.Millisecond
	}}
	_, err := s.Put(t.Context(), name, []byte("other"), v)
	wantErr(t, err, helper.ErrUnknown, helper.ErrTimeout)
}

// TestNoBus has a dbus-launch in PATH, which godbus would start if it searched for the bus.
func TestNoBus(t *testing.T) {
	bin := t.TempDir()
	launched := filepath.Join(bin, "launched")
	launcher := "#!/bin/sh\n: >" + launched + "\n"
	if err := os.WriteFile(filepath.Join(bin, "dbus-launch"), []byte(launcher), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
	t.Setenv(busVariable, "")
	nowhere := busFinder{variable: func() string { return "" }, runtimeDir: t.TempDir()}
	s := onSecretService(Service, nowhere.address)
	wantAll(t, s, testID, "x", helper.ErrUnavailable)
	wantErr(t, s.platform.set(t.Context(), testID, nil), helper.ErrUnavailable)
	wantErr(t, s.platform.delete(t.Context(), testID), helper.ErrUnavailable)
	if _, err := os.Stat(launched); !errors.Is(err, os.ErrNotExist) {
		t.Error("a bus was started")
	}
}

// wantAll wants the error from every method, for an item that exists.
func wantAll(t *testing.T, s *Store, name string, v helper.Version, want error) {
	t.Helper()
	_, _, getErr := s.Get(t.Context(), name)
	_, putErr := s.Put(t.Context(), name, []byte("other"), v)
	deleteErr := s.Delete(t.Context(), name, v)
	for _, err := range []error{getErr, putErr, deleteErr} {
		wantErr(t, err, want)
		wantNotErr(t, err, helper.ErrNotFound, helper.ErrUnknown)
	}
}
