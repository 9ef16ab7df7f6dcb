//go:build unix

package configfile_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/config/configfile"
	"github.com/codex-cred/codex-cred/internal/test/parts"
)

// TestRead_Kinds checks that what is not a regular file is named, and that nothing blocks.
func TestRead_Kinds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		put  func(t *testing.T, path string) error
	}{
		{"a named pipe", func(_ *testing.T, path string) error { return syscall.Mkfifo(path, 0o600) }},
		{"a socket", func(t *testing.T, path string) error {
			l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", path)
			if err == nil {
				t.Cleanup(func() { _ = l.Close() })
			}
			return err
		}},
		{"a device", func(_ *testing.T, path string) error { return os.Symlink(os.DevNull, path) }},
		{"a directory", func(_ *testing.T, path string) error { return os.Mkdir(path, 0o700) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir, err := os.MkdirTemp("", "kind") //nolint:usetesting // the path of a socket must be short
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.RemoveAll(dir) })
			path := filepath.Join(dir, "f")
			if err := c.put(t, path); err != nil {
				t.Fatal(err)
			}
			read := make(chan error, 1)
			go func() {
				_, err := configfile.Read(path)
				read <- err
			}()
			select {
			case err = <-read:
			case <-time.After(parts.Patience(t)):
				t.Fatal("Read waits")
			}
			unsafe := (*helper.UnsafeError)(nil)
			if !errors.As(err, &unsafe) || unsafe.Problem != "is "+c.name+" and not a regular file" {
				t.Errorf("Read = %v", err)
			}
		})
	}
}
