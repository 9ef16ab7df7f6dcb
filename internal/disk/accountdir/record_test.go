package accountdir_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/helper"
)

const host = "fedcba9876543210fedcba9876543210"

// TestFile fixes the format that other versions of codex-cred read.
func TestFile(t *testing.T) {
	t.Parallel()
	d := open(t)
	mustUpdate(t, d, "work", signIn)
	want := `{"version":1,"name":"work","id":"0123456789abcdef0123456789abcdef","store":"file","generation":1,` +
		`"created":"2026-05-01T12:00:00Z","updated":"2026-05-01T12:00:00Z"}` + "\n"
	if diff := cmp.Diff(want, mustRead(t, d.Path("work"))); diff != "" {
		t.Errorf("the file (-want +got):\n%s", diff)
	}
}

// TestFile_Members fixes the form of optional members.
func TestFile_Members(t *testing.T) {
	t.Parallel()
	d := open(t)
	mustUpdate(t, d, "work", func(a *helper.Account) error {
		a.Host, a.Rejections, a.RejectedAt, a.ClockTried = host, 2, noon().In(time.FixedZone("east", 3600)), 7
		return signIn(a)
	})
	want := strings.Replace(good, `"created"`,
		`"host":"`+host+`","rejections":2,"rejected_at":"2026-05-01T12:00:00Z","clock_tried":7,"created"`, 1) + "\n"
	if diff := cmp.Diff(want, mustRead(t, d.Path("work"))); diff != "" {
		t.Errorf("the file (-want +got):\n%s", diff)
	}
}

// TestFile_Shared checks that an older codex-cred, which would refresh the account, refuses the
// file. Once claimed the account has the older version again.
func TestFile_Shared(t *testing.T) {
	t.Parallel()
	d := open(t)
	const place = "/home/me/.codex/auth.json"
	mustUpdate(t, d, "work", func(a *helper.Account) error { a.Shared = place; return signIn(a) })
	want := strings.Replace(strings.Replace(good, `"version":1`, `"version":2`, 1), `"created"`, `"shared":"`+place+`","created"`, 1) + "\n"
	if diff := cmp.Diff(want, mustRead(t, d.Path("work"))); diff != "" {
		t.Errorf("the file (-want +got):\n%s", diff)
	}
	if a, err := d.Load("work"); err != nil || a.Shared != place {
		t.Errorf("Load = %+v, %v", a, err)
	}
	if err := d.Rename("work", "lab"); err != nil {
		t.Fatal(err)
	}
	if a, err := d.Load("lab"); err != nil || a.Shared != place {
		t.Errorf("Load of the renamed = %+v, %v", a, err)
	}
	mustUpdate(t, d, "work", func(a *helper.Account) error { a.Shared = ""; return signIn(a) })
	if diff := cmp.Diff(good+"\n", mustRead(t, d.Path("work"))); diff != "" {
		t.Errorf("the file of a claimed one (-want +got):\n%s", diff)
	}
}

func TestMembersAreChecked(t *testing.T) {
	t.Parallel()
	d := open(t)
	for member, change := range map[string]func(a *helper.Account){
		`"host":"fedc"`: func(a *helper.Account) { a.Host = "fedc" },
		`"host":"FEDCBA9876543210FEDCBA9876543210"`: func(a *helper.Account) { a.Host = strings.ToUpper(host) },
		`"host":"` + host + `0"`:                    func(a *helper.Account) { a.Host = host + "0" },
		`"host":"fedcba98-76543210fedcba987654321"`: func(a *helper.Account) { a.Host = "fedcba98-76543210fedcba987654321" },
		`"shared":"/a\u0007b"`:                      func(a *helper.Account) { a.Shared = "/a\ab" },
		`"rejections":-1`:                           func(a *helper.Account) { a.Rejections = -1 },
		`"rejected_at":"9999-12-31T23:59:59-01:00"`: func(a *helper.Account) { a.RejectedAt = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC) },
	} {
		mustUpdate(t, d, "work", signIn)
		if _, err := d.Update("work", func(a *helper.Account) error { change(a); return nil }); !errors.Is(err, helper.ErrInvalid) {
			t.Errorf("Update to %s = %v, want ErrInvalid", member, err)
		}
		wantCorrupt(t, d.Path("work"), member, func() error { _, err := d.Load("work"); return err })
	}
	// Each version has its kind of record.
	wantCorrupt(t, d.Path("work"), `"shared":"codex"`, func() error { _, err := d.Load("work"); return err })
	wantCorrupt(t, d.Path("work"), `"clock_tried":-1`, func() error { _, err := d.Load("work"); return err })
	wantCorrupt(t, d.Path("work"), `"rejections":"1"`, func() error { _, err := d.Load("work"); return err })
}

// wantCorrupt adds the member to the file, calls load, and removes the file.
func wantCorrupt(t *testing.T, path, member string, load func() error) {
	t.Helper()
	content := strings.Replace(good, `"created"`, member+`,"created"`, 1)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := load(); !errors.Is(err, helper.ErrCorrupt) {
		t.Errorf("Load of %s = %v, want ErrCorrupt", member, err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// TestSalvage_NotTheHost checks that the id of the computer, which has the form of a sign-in's id,
// is not salvaged.
func TestSalvage_NotTheHost(t *testing.T) {
	t.Parallel()
	d := open(t)
	mustUpdate(t, d, "work", func(a *helper.Account) error { a.Host = host; return signIn(a) })
	if err := os.WriteFile(d.Path("work"), []byte(mustRead(t, d.Path("work"))+"x"), 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := d.Salvage("work", nil)
	if diff := cmp.Diff([]helper.Leftover{{ID: id, Store: "file"}}, found); diff != "" || err != nil {
		t.Errorf("Salvage: %v, (-want +got):\n%s", err, diff)
	}
}
