package testsecurity

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// place makes a keychain without the prerequisite that tests elsewhere need.
func place(t *testing.T) *Keychain {
	t.Helper()
	k := &Keychain{dir: t.TempDir()}
	k.must(t, os.Mkdir(filepath.Join(k.dir, itemsDir), 0o700))
	return k
}

// run runs the program with the words, and with what is on its standard input.
func (k *Keychain) run(stdin string, words ...string) (stdout string, code int) {
	var out, errs bytes.Buffer
	code = Command{Dir: k.dir, Args: words, Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &errs}.Run()
	if code != 0 {
		return errs.String(), code
	}
	return out.String(), 0
}

func TestItems(t *testing.T) {
	k := place(t)
	steps := []struct {
		stdin string
		words string
		want  string
		code  int
	}{
		{"", "find-generic-password -s S -wa U", "could not be found", exitNotFound},
		{"add-generic-password -U -s S -a U -w one\n", "-i", "", 0},
		{"", "find-generic-password -s S -wa U", "one\n", 0},
		{
			"add-generic-password -U -s 'a b' -a 'it'\"'\"'s' -w two\n\n" +
				"add-generic-password -U -s S -a U -w three\n", "-i", "", 0,
		},
		{"", "find-generic-password -s S -a U", "class", 0},
		{"", "find-generic-password -s S -wa U", "three\n", 0},
		{"nonsense\n", "-i", "unknown command", exitUsage},
		{"", "delete-generic-password -s S -a U", "", 0},
		{"", "delete-generic-password -s S -a U", "could not be found", exitNotFound},
	}
	for _, s := range steps {
		if out, code := k.run(s.stdin, strings.Fields(s.words)...); code != s.code || !strings.Contains(out, s.want) {
			t.Errorf("%s %s: %d and %q, want %d and %q", s.words, s.stdin, code, out, s.code, s.want)
		}
	}
	if out, code := k.run("", "find-generic-password", "-s", "a b", "-wa", "it's"); out != "two\n" || code != 0 {
		t.Errorf("the item whose name has quotes: %q, %d", out, code)
	}
}

// TestLongLine checks that the rest of a line which exceeds the buffer is read as the next line.
func TestLongLine(t *testing.T) {
	const command = "add-generic-password -U -s S -a U -w "
	fits := strings.Repeat("x", lineSize-len("\n")-len(command))
	k := place(t)
	if out, code := k.run(command+fits+"\n", "-i"); code != 0 {
		t.Errorf("a line that fits: %d, %s", code, out)
	}
	if _, code := k.run(command+fits+"y\n", "-i"); code != exitUsage {
		t.Errorf("a line that is too long: %d", code)
	}
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		fault      Fault
		find, look int // with the content, and without
		add        int
	}{
		{"", 0, 0, 0},
		{Locked, exitNotAllowed, 0, exitNotAllowed},
		{Cancelled, exitCancelled, 0, exitCancelled},
		{NoKeychain, exitNoDefault, exitNoDefault, exitNoDefault},
		{Failing, exitInternal, exitInternal, 0},
		{EveryOther, 0, exitInternal, 0},
		{Slow, 0, 0, 0},
		{Overlapping, 0, 0, 0},
	} {
		k := place(t)
		k.Add(t, "S", "U", "item")
		k.Fail(t, c.fault)
		_, find := k.run("", "find-generic-password", "-s", "S", "-wa", "U")
		_, look := k.run("", "find-generic-password", "-s", "S", "-a", "U")
		_, add := k.run("add-generic-password -U -s S -a U -w more\n", "-i")
		if find != c.find || look != c.look || add != c.add {
			t.Errorf("%q: %d, %d, %d; want %d, %d, %d", c.fault, find, look, add, c.find, c.look, c.add)
		}
	}
}
