//go:build !linux && !windows

package portholder_test

import (
	"net"
	"os"
	"os/exec"
	"testing"

	"github.com/codex-cred/codex-cred/internal/machine/portholder"
	"github.com/codex-cred/codex-cred/internal/test/parts"
)

func TestFind(t *testing.T) {
	_, err := exec.LookPath("lsof")
	parts.Need(t, "lsof", err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := uint16(l.Addr().(*net.TCPAddr).Port)
	if got, ok := portholder.Find(t.Context(), port); !ok || got.PID != os.Getpid() || got.Name == "" {
		t.Errorf("%+v, %v; want this process, %d", got, ok, os.Getpid())
	}
	_ = l.Close()
	if got, ok := portholder.Find(t.Context(), port); ok {
		t.Errorf("the port is closed, and yet %+v listens there", got)
	}
}
