package keychain

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/zalando/go-keyring"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/test/parts"
)

// exited returns the error of a process that exits with the code.
func exited(t *testing.T, code int) error {
	t.Helper()
	sh, err := exec.LookPath("sh")
	parts.Need(t, "sh", err)
	return exec.CommandContext(t.Context(), sh, "-c", fmt.Sprintf("exit %d", code)).Run()
}

func TestMacErrors(t *testing.T) {
	for _, c := range []struct {
		what string
		err  error
		want error
	}{
		{"the library found nothing", keyring.ErrNotFound, helper.ErrNotFound},
		{"the library refused the size", keyring.ErrSetDataTooBig, helper.ErrTooLarge},
		{"interaction is not allowed", exited(t, 36), helper.ErrLocked},
		{"there is no such item", exited(t, 44), helper.ErrNotFound},
		{"the person cancelled", exited(t, 128), helper.ErrLocked},
		{"there is no default keychain", exited(t, 37), helper.ErrUnavailable},
		{"there is no such keychain", exited(t, 50), helper.ErrUnavailable},
		{
			"security(1) is missing", &fs.PathError{Op: "fork/exec", Path: "/usr/bin/security", Err: syscall.ENOENT},
			helper.ErrUnavailable,
		},
		{"security(1) is not in PATH", &exec.Error{Name: "security", Err: exec.ErrNotFound}, helper.ErrUnavailable},
	} {
		t.Run(c.what, func(t *testing.T) { wantErr(t, macError(c.err), c.want) })
	}
	t.Run("anything else", func(t *testing.T) { wantUnclassified(t, macError, exited(t, 1)) })
}

func TestWindowsErrors(t *testing.T) {
	for _, c := range []struct {
		what string
		err  error
		want error
	}{
		{"the library found nothing", keyring.ErrNotFound, helper.ErrNotFound},
		{"the library refused the size", keyring.ErrSetDataTooBig, helper.ErrTooLarge},
		{"the system refused the size", syscall.Errno(1783), helper.ErrTooLarge},
		{"there is no logon session", syscall.Errno(1312), helper.ErrUnavailable},
		{"there is no keychain", keyring.ErrUnsupportedPlatform, helper.ErrUnavailable},
	} {
		t.Run(c.what, func(t *testing.T) { wantErr(t, windowsError(c.err), c.want) })
	}
	t.Run("anything else", func(t *testing.T) { wantUnclassified(t, windowsError, syscall.Errno(5)) })
}

// wantUnclassified wants mapError to return err without a kind of helper's.
func wantUnclassified(t *testing.T, mapError func(error) error, err error) {
	t.Helper()
	got := mapError(err)
	if !isUnclassified(got) || !errors.Is(got, err) {
		t.Errorf("the border makes %v of %v", got, err)
	}
}

func TestRetry(t *testing.T) {
	disturbed := errors.New("exit status 161")
	for _, c := range []struct {
		what    string
		answers []error
		want    error
		reads   int
	}{
		{"undisturbed", []error{nil}, nil, 1},
		{"disturbed twice", []error{disturbed, disturbed, nil}, nil, 3},
		{"disturbed always", []error{disturbed, disturbed, disturbed, nil}, disturbed, 3},
		{"absent", []error{helper.ErrNotFound, nil}, helper.ErrNotFound, 1},
		{"locked", []error{withKind(helper.ErrLocked, disturbed), nil}, helper.ErrLocked, 1},
		{"absent in the end", []error{disturbed, helper.ErrNotFound, nil}, helper.ErrNotFound, 2},
	} {
		t.Run(c.what, func(t *testing.T) {
			p := &fakePlatform{item: []byte("item")}
			p.onGet = func(context.Context) error { return c.answers[len(p.recorded())-1] }
			r := retry{tries: 3, wait: func(context.Context) {}}
			item, err := r.do(t.Context(), func() ([]byte, error) { return p.get(t.Context(), testID) })
			if !errors.Is(err, c.want) || len(p.recorded()) != c.reads {
				t.Errorf("%d reads and error %v, want %d and %v", len(p.recorded()), err, c.reads, c.want)
			}
			if c.want == nil && string(item) != "item" {
				t.Errorf("the item is %q", item)
			}
		})
	}
}

func TestRetryEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := &fakePlatform{onGet: failWith(errors.New("exit status 161"))}
	r := retry{tries: 1000, wait: func(ctx context.Context) { cancel(); jitter(ctx) }}
	_, err := r.do(ctx, func() ([]byte, error) { return p.get(ctx, testID) })
	if err == nil || !slices.Equal(p.recorded(), []string{"get", "get"}) {
		t.Errorf("error %v after the calls %q, want two", err, p.recorded())
	}
}

// TestMacAbsent checks that a missing keychain is not a missing item: security(1) prints "could not
// be found" about both, and go-keyring does not distinguish them.
func TestMacAbsent(t *testing.T) {
	for _, c := range []struct {
		what string
		code string
		want error
	}{
		{"the item", "44", helper.ErrNotFound},
		{"the default keychain", "37", helper.ErrUnavailable},
		{"the keychain", "50", helper.ErrUnavailable},
	} {
		t.Run(c.what, func(t *testing.T) { wantErr(t, fakeSecurity(t, c.code).absent(t.Context(), testID), c.want) })
	}
	t.Run("nothing any more", func(t *testing.T) {
		if err := fakeSecurity(t, "0").absent(t.Context(), testID); !isUnclassified(err) {
			t.Errorf("an item that has come meanwhile is %v", err)
		}
	})
}

// fakeSecurity is a macKeychain whose program exits with the code if it is asked for the item
// without its content.
func fakeSecurity(t *testing.T, code string) macKeychain {
	t.Helper()
	sh, err := exec.LookPath("sh")
	parts.Need(t, "sh", err)
	program := filepath.Join(t.TempDir(), "security")
	script := "#!" + sh + "\n[ \"$*\" = 'find-generic-password -s codex-cred -a " + testID + "' ] || exit 2\n" +
		"exit " + code + "\n"
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return macKeychain{goKeyring: goKeyring{service: Service, mapError: macError}, program: program}
}
