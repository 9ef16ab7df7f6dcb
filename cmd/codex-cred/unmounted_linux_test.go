package main

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/internal/test/parts"
)

// TestVanished_Unmounted unmounts the file system of the root lazily, as a logout does, and mounts
// it again. Meanwhile an empty directory is in its place.
func TestVanished_Unmounted(t *testing.T) {
	t.Parallel()
	n := 0
	for _, v := range vanishings() {
		if v.folder != "" || v.token != expiredToken {
			continue
		}
		if n++; !sampled(n, 9, 3) {
			continue
		}
		t.Run(v.step+" "+v.back, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, home.StoreFile, nil, false)
			s.torn = true
			s.vanish(v, mountRoot(t, s))
			s.settle()
			s.wantKept()
		})
	}
}

// A mounted is a directory on its own file system.
type mounted struct {
	disk, place string
	away        bool
}

// mountRoot moves the root to its own file system. It needs root privileges.
func mountRoot(t *testing.T, s *scene) *mounted {
	t.Helper()
	m := &mounted{disk: filepath.Join(s.home, "disk"), place: s.root, away: true}
	must(t, os.Rename(m.place, m.disk))
	must(t, os.Mkdir(m.place, 0o700))
	err := syscall.Mount(m.disk, m.place, "", syscall.MS_BIND, "")
	parts.Need(t, "root", err)
	m.away = false
	t.Cleanup(func() { _ = syscall.Unmount(m.place, syscall.MNT_DETACH) })
	return m
}

// leave unmounts it, even if it is in use.
func (m *mounted) leave(t *testing.T) {
	t.Helper()
	if !m.away {
		must(t, syscall.Unmount(m.place, syscall.MNT_DETACH))
		m.away = true
	}
}

// back mounts it again, over whatever was created in its place.
func (m *mounted) back(t *testing.T) {
	t.Helper()
	if !m.away {
		return
	}
	if err := os.Mkdir(m.place, 0o700); !errors.Is(err, os.ErrExist) {
		must(t, err)
	}
	must(t, syscall.Mount(m.disk, m.place, "", syscall.MS_BIND, ""))
	m.away = false
}
