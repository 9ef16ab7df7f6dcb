package helper_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/storetest"
)

func TestRouter(t *testing.T) {
	keychain, file := new(storetest.Memory), new(storetest.Memory)
	r := helper.Router{"keychain": keychain, "file": file}
	for _, c := range []struct {
		word string
		want helper.Store
	}{
		{"keychain", keychain},
		{"file", file},
		{"", nil},
		{"Keychain", nil},
		{"keychain ", nil},
		{"team\nvault", nil},
		{strings.Repeat("x", 10_000), nil},
	} {
		got, err := r.Store(c.word)
		if c.want != nil {
			if got != c.want || err != nil {
				t.Errorf("Store(%q) = %p, %v; want %p", c.word, got, err, c.want)
			}
			continue
		}
		if got != nil || !errors.Is(err, helper.ErrUnavailable) {
			t.Errorf("Store(%.20q) = %v, %v; want nothing and ErrUnavailable", c.word, got, err)
		}
		if err != nil && (len(err.Error()) > 200 || strings.Contains(err.Error(), "\n")) {
			t.Errorf("Store(%.20q): the error is not a short line: %q", c.word, err)
		}
	}
	if _, err := helper.Router(nil).Store("file"); !errors.Is(err, helper.ErrUnavailable) {
		t.Errorf("a Router of no stores: %v, want ErrUnavailable", err)
	}
}

func TestForAccount(t *testing.T) {
	if err := helper.ForAccount("work", nil); err != nil {
		t.Errorf("no error became %v", err)
	}
	once := helper.ForAccount("work", helper.ErrLocked)
	if once.Error() != `account "work": locked` || !errors.Is(once, helper.ErrLocked) {
		t.Errorf("error %q, want the account and the cause", once)
	}
	wrapped := fmt.Errorf("sign in: %w", once)
	if twice := helper.ForAccount("other", wrapped); !errors.Is(twice, wrapped) || twice.Error() != wrapped.Error() {
		t.Errorf("error %q names an account twice", twice)
	}
}

func TestUnsafeError(t *testing.T) {
	err := fmt.Errorf("open: %w", &helper.UnsafeError{Path: "/x", Problem: "is a symbolic link", Fix: "rm /x"})
	if !errors.Is(err, helper.ErrUnsafe) || err.Error() != "open: /x is a symbolic link" {
		t.Errorf("error %q, want the path and the problem; is ErrUnsafe: %v", err, errors.Is(err, helper.ErrUnsafe))
	}
}
