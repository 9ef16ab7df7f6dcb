//go:build unix

package safefile_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/safefile"
	"github.com/codex-cred/codex-cred/internal/test/reexec"
)

func TestMain(m *testing.M) { reexec.Main(m, child) }

// child runs in its own process.
func child(args []string) error {
	number, err := strconv.ParseUint(args[1], 8, 32)
	if err != nil {
		return err
	}
	switch args[0] {
	case "umask":
		syscall.Umask(int(number))
		return makeAll(args[2])
	case "open":
		return open(safefile.Dir{Root: args[2], Name: "dir"}, "file")
	case "checkroot-as":
		err = syscall.Setuid(int(number))
	case "checkroot-seteuid":
		err = syscall.Setreuid(-1, int(number))
	}
	if err != nil {
		return err
	}
	err = safefile.CheckRoot(args[2])
	if unsafe := (*helper.UnsafeError)(nil); errors.As(err, &unsafe) {
		return fmt.Errorf("unsafe: %s; %s", unsafe.Error(), unsafe.Fix)
	}
	return err
}

// makeAll makes files in every way and prints their modes.
func makeAll(base string) error {
	d := safefile.Dir{Root: filepath.Join(base, "parent", "root"), Name: "dir"}
	err := errors.Join(
		d.Write("written", []byte("a")),
		d.Write("replaced", []byte("a")),
		d.Write("replaced", []byte("b")),
		d.Create("created"),
		open(d, "opened"),
	)
	if err != nil {
		return err
	}
	return filepath.Walk(filepath.Join(base, "parent"), func(path string, info fs.FileInfo, err error) error {
		_, _ = fmt.Fprintf(os.Stdout, "%s %v\n", filepath.Base(path), info.Mode())
		return err
	})
}

func open(d safefile.Dir, file string) error {
	f, err := d.Open(file)
	if err != nil {
		return err
	}
	return f.Close()
}
