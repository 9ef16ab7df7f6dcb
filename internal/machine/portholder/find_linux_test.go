package portholder_test

import (
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/internal/machine/portholder"
)

func TestFind(t *testing.T) {
	self, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		port := uint16(l.Addr().(*net.TCPAddr).Port)
		got, ok := portholder.Find(t.Context(), port)
		if u, err := user.Current(); err != nil || got.User != u.Username {
			t.Errorf("%s: user %q, want %+v", l.Addr(), got.User, u)
		}
		if !ok || got.PID != os.Getpid() || got.Name != strings.TrimSpace(string(self)) {
			t.Errorf("%s: %+v, %v; want this process, %s", l.Addr(), got, ok, filepath.Base(os.Args[0]))
		}
		// A connection to the port is not a listener.
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = l.Close()
		if got, ok := portholder.Find(t.Context(), port); ok {
			t.Errorf("%s is closed, and yet %+v listens there", l.Addr(), got)
		}
		_ = conn.Close()
	}
}
