package hostid

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const (
	own     = "7fd1a0c35e9b4c2288de41f6b0a59c13"
	another = "7fd1a0c35e9b4c2288de41f6b0a59c14"
	upper   = "7FD1A0C3-5E9B-4C22-88DE-41F6B0A59C13"
)

var form = regexp.MustCompile(`^[0-9a-f]{32}$`)

// TestID uses the computer that runs the test, which may have no id.
func TestID(t *testing.T) {
	t.Parallel()
	first, err := ID()
	if err != nil {
		t.Fatal(err)
	}
	if first != "" && !form.MatchString(first) {
		t.Errorf("ID = %q; want nothing or 32 digits", first)
	}
	if again, err := ID(); again != first || err != nil {
		t.Errorf("ID = %q, then %q, %v", first, again, err)
	}
}

// TestDerive fixes what account files contain: it must not change.
func TestDerive(t *testing.T) {
	t.Parallel()
	id := derive(parse(own))
	if want := "14b823d6656f0cfcef0e1808a21228ce"; id != want {
		t.Errorf("derive = %s, want %s", id, want)
	}
	if derive(parse(upper)) != id {
		t.Error("the way in which an id is written makes a difference")
	}
	if derive(parse(another)) == id {
		t.Error("two machines have the same id")
	}
	if derive(nil) != "" {
		t.Error("no id makes an id")
	}
	for n := range len(own) - 7 {
		if strings.Contains(id, own[n:n+8]) {
			t.Errorf("%s contains a part of the machine's own id", id)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, good := range []string{own, own + "\n", " " + own + "\r\n", upper, strings.ToUpper(own)} {
		if got := parse(good); len(got) != idSize || !bytes.Equal(got, parse(own)) {
			t.Errorf("parse(%q) is another id, or none", good)
		}
	}
	for _, bad := range []string{
		"", "\n", "-", "uninitialized\n", "localhost", own[1:], own + "0", own + "\n" + own,
		strings.Repeat("0", 32), "00000000-0000-0000-0000-000000000000", strings.Repeat("F", 32),
		strings.Repeat("g", 32), strings.Repeat("\x00", 32), strings.Repeat("é", 16),
	} {
		if parse(bad) != nil {
			t.Errorf("parse(%q) is an id", bad)
		}
	}
}

func write(t *testing.T, content string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "machine-id")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFiles(t *testing.T) {
	t.Parallel()
	absent := filepath.Join(t.TempDir(), "absent", "machine-id")
	for _, c := range []struct {
		name  string
		paths []string
		want  string
	}{
		{"none", []string{absent, absent}, ""},
		{"the first", []string{write(t, own+"\n"), write(t, another)}, own},
		{"the first is absent", []string{absent, write(t, another)}, another},
		{"the first is empty", []string{write(t, ""), write(t, another)}, another},
		{"the first is uninitialized", []string{write(t, "uninitialized\n"), write(t, another)}, another},
		{"the first is garbage", []string{write(t, "\x00garbage"), write(t, another)}, another},
		{"all are zero", []string{write(t, strings.Repeat("0", 32)+"\n"), absent}, ""},
	} {
		got, err := files{paths: c.paths}.read()
		if err != nil || !bytes.Equal(got, parse(c.want)) {
			t.Errorf("%s: another id than %q; %v", c.name, c.want, err)
		}
	}
}

// TestFiles_Unreadable checks that an unreadable file is an error although the next file has an id.
func TestFiles_Unreadable(t *testing.T) {
	t.Parallel()
	got, err := files{paths: []string{t.TempDir(), write(t, own)}}.read()
	if got != nil || err == nil {
		t.Errorf("read of a directory = %d bytes, %v; want an error", len(got), err)
	}
	if err != nil && strings.Contains(err.Error(), own) {
		t.Error("the error contains the id")
	}
}

const ioregOutput = `+-o J314sAP  <class IOPlatformExpertDevice, id 0x100000227, registered, matched, active, busy 0 (33567 ms), retain 40>
    {
      "manufacturer" = <"Apple Inc.">
      "compatible" = <"J314sAP","MacBookPro18,3","AppleARM">
      "clock-frequency" = <00366e01>
      "IOBusyInterest" = "IOCommand is not serializable"
      "target-type" = <"J314s">
      "platform-name" = <7436303030000000000000000000000000000000000000000000000000000000>
      "IOPlatformSerialNumber" = "C02XXXXXXXXX"
      "IOPlatformUUID" = "7FD1A0C3-5E9B-4C22-88DE-41F6B0A59C13"
      "IOConsoleSecurityInterest" = "IOCommand is not serializable"
      "model" = <"MacBookPro18,3">
    }

`

func TestParseIOReg(t *testing.T) {
	t.Parallel()
	for _, out := range []string{ioregOutput, strings.ReplaceAll(ioregOutput, "\n", "\r\n")} {
		if got := parseIOReg(out); len(got) != idSize || !bytes.Equal(got, parse(own)) {
			t.Error("another id, or none")
		}
	}
	for what, out := range map[string]string{
		"nothing":        "",
		"no uuid":        strings.ReplaceAll(ioregOutput, "IOPlatformUUID", "IOPlatformName"),
		"a zero uuid":    strings.ReplaceAll(ioregOutput, upper, "00000000-0000-0000-0000-000000000000"),
		"an empty uuid":  strings.ReplaceAll(ioregOutput, upper, ""),
		"no value":       `"IOPlatformUUID"`,
		"another member": `"Other" = "IOPlatformUUID = ` + upper + `"`,
	} {
		if parseIOReg(out) != nil {
			t.Errorf("%s: an id", what)
		}
	}
}

func TestIOReg_Absent(t *testing.T) {
	t.Parallel()
	got, err := ioreg{path: filepath.Join(t.TempDir(), "ioreg")}.read()
	if got != nil || !errors.Is(err, os.ErrNotExist) && !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("read without the program = %d bytes, %v; want ErrNotExist", len(got), err)
	}
}
