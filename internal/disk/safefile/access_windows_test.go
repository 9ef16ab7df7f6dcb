package safefile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/windows"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/sharing"
)

const me = "S-1-5-21-1-2-3-1001"

// TestOther checks which access lists are accepted.
func TestOther(t *testing.T) {
	t.Parallel()
	self, err := windows.StringToSid(me)
	must(t, err)
	const stranger = "S-1-5-21-1-2-3-1002"
	for list, want := range map[string]string{
		"O:" + me + "D:P(A;OICI;FA;;;" + me + ")(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)": "",
		"O:BAD:(A;;FA;;;" + me + ")":                      "", // made by a program that runs as administrator
		"O:SYD:(A;;FA;;;BA)":                              "",
		"O:" + me + "D:(A;;FA;;;OW)":                      "", // the rights of any owner
		"O:" + me + "D:":                                  "", // admits no one
		"O:" + me + "D:(D;;FA;;;WD)(A;;FA;;;" + me + ")":  "",
		"O:" + me + "D:(A;;0x120080;;;WD)":                "", // may see that the file exists
		"O:" + stranger + "D:(A;;FA;;;" + me + ")":        stranger,
		"O:" + me + "D:(A;;FR;;;WD)":                      everyone,
		"O:" + me + "D:(A;;FA;;;" + me + ")(A;;0x2;;;BU)": "S-1-5-32-545",
		"O:" + me + "D:(A;OICIIO;FR;;;AU)":                "S-1-5-11", // admits them to what is made in it
		"O:" + me + "D:(A;;WD;;;" + stranger + ")":        stranger,   // may change the list
		"O:" + me + "D:(D;;FA;;;" + me + ")(A;;FR;;;BG)":  "S-1-5-32-546",
		"O:" + me: everyone, // no list at all
		"O:" + me + "D:(A;ID;FR;;;" + stranger + ")": stranger,
	} {
		sd, err := windows.SecurityDescriptorFromString(list)
		must(t, err)
		if got, err := firstForeign(sd, self); got != want || err != nil {
			t.Errorf("%s lets in %q, %v; want %q", list, got, err, want)
		}
	}
}

// letEverybodyIn opens the path to everyone, as a person or another program might.
func letEverybodyIn(t *testing.T, path string) {
	t.Helper()
	sd, err := windows.SecurityDescriptorFromString("D:(A;OICI;FA;;;WD)")
	must(t, err)
	dacl, _, err := sd.DACL()
	must(t, err)
	must(t, windows.SetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION, nil, nil, dacl, nil))
}

// TestAccessIsOurs checks that new files and directories admit no other user, and that those which
// do are refused.
func TestAccessIsOurs(t *testing.T) {
	t.Parallel()
	d := Dir{Root: filepath.Join(t.TempDir(), "root"), Name: "dir"}
	must(t, d.Write("file", []byte("a")))
	must(t, d.Write("file", []byte("b")))
	must(t, d.Create("created"))
	opened, err := d.Open("opened")
	must(t, err)
	must(t, opened.Close())
	_, err = d.Append("appended", []byte("c"))
	must(t, err)
	for _, path := range []string{d.Root, d.Path(""), d.Path("file"), d.Path("created"), d.Path("opened"), d.Path("appended")} {
		wantList(t, path)
	}
	for _, path := range []string{d.Path("file"), d.Path(""), d.Root} {
		letEverybodyIn(t, path)
		for doing, err := range map[string]error{"Read": second(d.Read("file", 10)), "Write": d.Write("file", nil), "Open": second(d.Open("file"))} {
			unsafe := (*helper.UnsafeError)(nil)
			if !errors.As(err, &unsafe) || unsafe.Path != path || !strings.Contains(unsafe.Problem, everyone) || !strings.Contains(unsafe.Fix, "icacls") {
				t.Errorf("%s where everybody may reach %s: %v", doing, path, err)
			}
		}
	}
}

func wantList(t *testing.T, path string) {
	t.Helper()
	f, err := sharing.Open(path, windows.READ_CONTROL|windows.FILE_READ_ATTRIBUTES)
	must(t, err)
	defer func() { _ = f.Close() }()
	if who, err := foreignAccess(f); who != "" || err != nil {
		t.Errorf("%s lets in %s, %v", path, who, err)
	}
}

func second[T any](_ T, err error) error { return err }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestLongPaths checks paths of more than 260 characters, with letters of other scripts.
func TestLongPaths(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "Ελληνικά 日本語", strings.Repeat("long ", 20)+"x", strings.Repeat("y", 150), "root")
	d := Dir{Root: root, Name: "dir"}
	must(t, CheckRoot(root))
	must(t, d.Write("file", []byte("a\nb\n")))
	content, err := os.ReadFile(d.Path("file"))
	if string(content) != "a\nb\n" || err != nil {
		t.Errorf("the file holds %q, %v", content, err)
	}
	must(t, d.Remove("file"))
	if names, err := d.Files(); len(names) > 0 || err != nil {
		t.Errorf("left are %q, %v", names, err)
	}
}
