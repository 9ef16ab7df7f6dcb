package keychain

import (
	"crypto/rand"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/storetest"
	"github.com/codex-cred/codex-cred/internal/test/parts"
	"github.com/codex-cred/codex-cred/internal/test/testkeyring"
	"github.com/codex-cred/codex-cred/keychain/internal/quickread"
)

const foreignOwner = ` belongs to user "nobody"`

// TestForeignBusGetsNothing checks that a keyring of another user is unavailable under every form
// of address, and that no item is written to it.
func TestForeignBusGetsNothing(t *testing.T) {
	k := testkeyring.StartForeign(t)
	var path, abstract string
	for _, address := range k.Addresses() {
		if strings.HasPrefix(address, "unix:path=") {
			path = address
		} else {
			abstract = address
		}
	}
	bare, _, _ := strings.Cut(abstract, ",")
	for what, address := range map[string]string{
		"a path":                    path,
		"an abstract name":          abstract,
		"without the bus's id":      bare,
		"an escaped path":           strings.Replace(path, "/run/bus", "%2frun%2fbus", 1),
		"the last of a list":        "unix:path=/nonexistent/bus;tcp:host=127.0.0.1,port=1;" + bare,
		"the first of a list":       path + ";unix:path=/nonexistent/bus",
		"all of a list":             path + ";" + abstract,
		"with keys that mean other": bare + ",runtime=yes",
	} {
		t.Run(what, func(t *testing.T) {
			t.Setenv(busVariable, address)
			wantForeign(t, New())
		})
	}
	wantItems(t, k.Items(t))
}

// wantForeign wants every method to fail with the owner of the bus.
func wantForeign(t *testing.T, s *Store) {
	t.Helper()
	name := storetest.NewName(t)
	_, putErr := s.Put(t.Context(), name, []byte("item"), "")
	_, _, getErr := s.Get(t.Context(), name)
	_, listErr := s.List(t.Context())
	for doing, err := range map[string]error{
		"Put": putErr, "Get": getErr, "List": listErr, "Delete": s.Delete(t.Context(), name, ""),
		"set": s.platform.set(t.Context(), name, []byte("item")), "delete": s.platform.delete(t.Context(), name),
	} {
		if !errors.Is(err, helper.ErrUnavailable) || !errors.Is(err, ErrForeignBus) ||
			!strings.Contains(err.Error(), foreignOwner) {
			t.Errorf("%s: %v; want ErrForeignBus, and the owner", doing, err)
		}
		wantNotErr(t, err, helper.ErrNotFound, helper.ErrUnknown, helper.ErrTimeout, ErrNoBus)
	}
}

// TestForeignSocketIsSentNothing checks that both ways of reading look up the owner before they
// send a byte.
func TestForeignSocketIsSentNothing(t *testing.T) {
	address, heard := listenAs(t, testkeyring.ForeignUID)
	s := secretService{
		service:     Service,
		address:     func() string { return address },
		idleTimeout: func() idleTimeout { return idleTimeout(defaultIdleTimeout) },
	}
	if _, err := s.quickRead(t.Context(), testID); !errors.Is(err, quickread.ErrNotAnswered) {
		t.Errorf("the quick way: %v", err)
	}
	wantErr(t, errorOf(s.list(t.Context())), ErrForeignBus, helper.ErrUnavailable)
	for _, way := range []string{"quick", "godbus"} {
		if sent := <-heard; sent != "" {
			t.Errorf("the %s way sent %q", way, sent)
		}
	}
}

func errorOf[T any](_ T, err error) error { return err }

// TestOurBusAfterAForeignOne checks that the first bus of this user is used from a list.
func TestOurBusAfterAForeignOne(t *testing.T) {
	_, s, name, _ := startKeyring(t)
	ours := service(t, s).address()
	address, heard := listenAs(t, testkeyring.ForeignUID)
	t.Setenv(busVariable, address+";"+ours)
	wantContent(t, s, name, "item")
	if sent := <-heard; sent != "" {
		t.Errorf("the foreign bus was sent %q", sent)
	}
}

// listenAs listens on a socket as the user, and returns its address and what each connection sends
// until it closes.
func listenAs(t *testing.T, uid int) (address string, heard <-chan string) {
	t.Helper()
	var err error
	if os.Geteuid() != 0 {
		err = errors.New("only root can be another user")
	}
	parts.Need(t, "root", err)
	l := listenOnThread(t, uid)
	t.Cleanup(func() { _ = l.Close() })
	all := make(chan string, 8)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			sent, _ := io.ReadAll(c) // a reset also ends a connection
			_ = c.Close()
			all <- string(sent)
		}
	}()
	return "unix:abstract=" + l.Addr().String()[1:], all
}

// listenOnThread listens with the user's uid on one thread: the kernel records the uid at that
// moment.
func listenOnThread(t *testing.T, uid int) net.Listener {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const same = ^uintptr(0)
	if _, _, no := syscall.RawSyscall(syscall.SYS_SETRESUID, same, uintptr(uid), same); no != 0 {
		t.Fatal(no)
	}
	l, err := net.Listen("unix", "@"+rand.Text())
	if _, _, no := syscall.RawSyscall(syscall.SYS_SETRESUID, same, 0, same); no != 0 {
		panic(no) // the thread cannot be used any more
	}
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestSocketsThatShowNoOwner has addresses whose owner cannot be checked, and forms that only
// servers use.
func TestSocketsThatShowNoOwner(t *testing.T) {
	for address, why := range map[string]string{
		"tcp:host=127.0.0.1,port=1":           "owner cannot be checked",
		"nonce-tcp:host=127.0.0.1,port=1":     "owner cannot be checked",
		"unixexec:path=/bin/true":             "owner cannot be checked",
		"autolaunch:scope=user":               "owner cannot be checked",
		"launchd:env=X":                       "owner cannot be checked",
		"disabled:":                           "owner cannot be checked",
		"bus":                                 "owner cannot be checked",
		"unix:runtime=yes":                    "neither one path nor one abstract name",
		"unix:tmpdir=/tmp":                    "neither one path nor one abstract name",
		"unix:path=/one,abstract=two":         "neither one path nor one abstract name",
		"unix:path=%zz":                       "escape",
		"unixexec:path=/bin/true;autolaunch:": "owner cannot be checked",
	} {
		t.Run(address, func(t *testing.T) {
			t.Setenv(busVariable, address)
			_, _, err := New().Get(t.Context(), storetest.NewName(t))
			wantErr(t, err, helper.ErrUnavailable, ErrNoBus)
			if !strings.Contains(err.Error(), why) {
				t.Errorf("%v; want %q", err, why)
			}
		})
	}
}
