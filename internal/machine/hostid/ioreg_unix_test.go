//go:build unix

package hostid

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// fakeIoreg returns the path of a script that replaces ioreg.
func fakeIoreg(t *testing.T, text string) ioreg {
	t.Helper()
	path := write(t, "#!/bin/sh\n"+text)
	if err := os.Chmod(path, 0o700); err != nil {
		t.Fatal(err)
	}
	return ioreg{path: path}
}

func TestIOReg(t *testing.T) {
	t.Parallel()
	got, err := fakeIoreg(t, `[ "$*" = "-rd1 -c IOPlatformExpertDevice" ] && cat <<'END'`+"\n"+ioregOutput+"END\n").read()
	if err != nil || got == nil || !bytes.Equal(got, parse(own)) {
		t.Errorf("another id, or none: %v", err)
	}
	got, err = fakeIoreg(t, "echo '"+own+"'; echo '"+own+"' >&2; exit 1\n").read()
	if got != nil || err == nil || strings.Contains(err.Error(), own) {
		t.Errorf("a program that fails: %d bytes, %v; want an error without the id", len(got), err)
	}
}
