package accountdir_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/accountdir"
	"github.com/codex-cred/codex-cred/internal/test/reexec"
)

const (
	id    = helper.ID("0123456789abcdef0123456789abcdef")
	other = helper.ID("00000000000000000000000000000000")
)

func TestMain(m *testing.M) { reexec.Main(m, child) }

// child changes the record "work" under the root args[0], args[1] times.
func child(args []string) error {
	times, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	d := accountdir.New(args[0], noon)
	for range times {
		if _, err := d.Update("work", func(a *helper.Account) error { a.Generation++; return nil }); err != nil {
			return err
		}
	}
	return nil
}

func noon() time.Time { return time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC) }

func open(t *testing.T) *accountdir.Dir {
	t.Helper()
	return accountdir.New(filepath.Join(t.TempDir(), "root"), noon)
}

func signIn(a *helper.Account) error {
	a.ID, a.Store, a.Generation = id, "file", 1
	return nil
}

func mustUpdate(t *testing.T, d *accountdir.Dir, name string, change func(*helper.Account) error) helper.Account {
	t.Helper()
	a, err := d.Update(name, change)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func mustRead(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestUpdateThenLoad(t *testing.T) {
	t.Parallel()
	d := open(t)
	full := helper.Account{
		Name: "work", ID: id, Store: "keychain", Generation: 1<<64 - 1,
		NotBefore: noon().Add(time.Hour + time.Nanosecond), Unanswered: 3, Host: string(other),
		Rejections: 2, RejectedAt: noon().Add(-time.Nanosecond), ClockTried: 1<<64 - 1,
		Created: noon().Add(-time.Hour), Updated: noon(),
		Erasing: true, Leftovers: []helper.Leftover{{ID: other, Store: "file"}},
	}
	updated := mustUpdate(t, d, "work", func(a *helper.Account) error {
		if diff := cmp.Diff(helper.Account{Name: "work"}, *a); diff != "" {
			t.Errorf("change of an absent record got (-want +got):\n%s", diff)
		}
		*a = full
		return nil
	})
	loaded, err := d.Load("work")
	if err != nil {
		t.Fatal(err)
	}
	for what, got := range map[string]helper.Account{"Update": updated, "Load": loaded} {
		if diff := cmp.Diff(full, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
}

func TestUpdate_SetsTimes(t *testing.T) {
	t.Parallel()
	root, now := filepath.Join(t.TempDir(), "root"), noon()
	d := accountdir.New(root, func() time.Time { return now.In(time.FixedZone("east", 3600)) })
	mustUpdate(t, d, "work", signIn)
	now = now.Add(time.Minute)
	got := mustUpdate(t, d, "work", signIn)
	if got.Created != noon() || got.Updated != now {
		t.Errorf("Created %v, Updated %v; want %v and %v", got.Created, got.Updated, noon(), now)
	}
}

func TestAbsent(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	d := accountdir.New(filepath.Join(top, "root"), noon)
	if _, err := d.Load("work"); !errors.Is(err, helper.ErrNotFound) {
		t.Errorf("Load = %v, want ErrNotFound", err)
	}
	if err := d.Remove("work"); !errors.Is(err, helper.ErrNotFound) {
		t.Errorf("Remove = %v, want ErrNotFound", err)
	}
	if names, err := d.List(); err != nil || len(names) > 0 {
		t.Errorf("List = %q, %v; want none", names, err)
	}
	if entries, err := os.ReadDir(top); err != nil || len(entries) > 0 {
		t.Errorf("they made %v, %v", entries, err)
	}
}

func TestUpdate_FailedChangeWritesNothing(t *testing.T) {
	t.Parallel()
	d := open(t)
	mustUpdate(t, d, "work", signIn)
	before := mustRead(t, d.Path("work"))
	refusal := errors.New("refusal")
	for _, name := range []string{"work", "absent"} {
		_, err := d.Update(name, func(a *helper.Account) error { a.Generation = 9; return refusal })
		if !errors.Is(err, refusal) {
			t.Errorf("Update = %v, want the error of change", err)
		}
	}
	if after := mustRead(t, d.Path("work")); after != before {
		t.Errorf("the file is now %s", after)
	}
	if _, err := d.Load("absent"); !errors.Is(err, helper.ErrNotFound) {
		t.Errorf("Load = %v, want ErrNotFound", err)
	}
}

func TestUpdate_RefusesWhatLoadWould(t *testing.T) {
	t.Parallel()
	d := open(t)
	mustUpdate(t, d, "work", signIn)
	before := mustRead(t, d.Path("work"))
	for _, c := range []struct {
		name   string
		change func(*helper.Account)
		want   error
	}{
		{"another name", func(a *helper.Account) { a.Name = "home" }, helper.ErrInvalid},
		{"an id that is a path", func(a *helper.Account) { a.ID = "../../etc/passwd" }, helper.ErrInvalid},
		{"the id of a journal", func(a *helper.Account) { a.ID = id + "/journal" }, helper.ErrInvalid},
		{"a leftover without id", func(a *helper.Account) { a.Leftovers = []helper.Leftover{{Store: "file"}} }, helper.ErrInvalid},
		{"a time out of range", func(a *helper.Account) { a.NotBefore = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC) }, helper.ErrInvalid},
		{"too many leftovers", func(a *helper.Account) {
			a.Leftovers = make([]helper.Leftover, 2000)
			for i := range a.Leftovers {
				a.Leftovers[i].ID = other
			}
		}, helper.ErrTooLarge},
	} {
		_, err := d.Update("work", func(a *helper.Account) error { c.change(a); return nil })
		if !errors.Is(err, c.want) {
			t.Errorf("%s: Update = %v, want %v", c.name, err, c.want)
		}
	}
	if after := mustRead(t, d.Path("work")); after != before {
		t.Errorf("the file is now %s", after)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	d := open(t)
	for _, bad := range []string{"", "../x", "a/b", "Work", ".hidden", "nul", "a."} {
		_, loadErr := d.Load(bad)
		_, updateErr := d.Update(bad, signIn)
		for _, err := range []error{loadErr, updateErr, d.Remove(bad)} {
			if !errors.Is(err, helper.ErrInvalid) {
				t.Errorf("%q: %v, want ErrInvalid", bad, err)
			}
		}
	}
	if _, err := os.Lstat(filepath.Dir(d.Path("x"))); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("they made the directory: %v", err)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	d := open(t)
	for _, name := range []string{"work", "a", "a.json", "b@c"} {
		mustUpdate(t, d, name, signIn)
	}
	for _, file := range []string{"broken.json", "no-record.txt", "Not A Name.json", ".work.json.12.tmp"} {
		path := filepath.Join(filepath.Dir(d.Path("x")), file)
		if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	names, err := d.List()
	if diff := cmp.Diff([]string{"a", "a.json", "b@c", "broken", "work"}, names); diff != "" || err != nil {
		t.Errorf("List: %v, (-want +got):\n%s", err, diff)
	}
}

func TestRemove(t *testing.T) {
	t.Parallel()
	d := open(t)
	for name, content := range map[string]string{"work": "", "broken": "{"} {
		mustUpdate(t, d, name, signIn)
		if content != "" {
			if err := os.WriteFile(d.Path(name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.Remove(name); err != nil {
			t.Errorf("Remove of %s: %v", name, err)
		}
		if _, err := os.Lstat(d.Path(name)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("after Remove %s is there: %v", name, err)
		}
	}
}

// TestUpdate_ManyProcesses checks that all fifty changes of five processes are kept.
func TestUpdate_ManyProcesses(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "root")
	processes := make([]*reexec.Process, 5)
	for i := range processes {
		processes[i] = reexec.Start(t, root, "10")
	}
	for _, p := range processes {
		if out := p.Rest(t); out != "" {
			t.Error(out)
		}
	}
	a, err := accountdir.New(root, noon).Load("work")
	if err != nil || a.Generation != 50 {
		t.Errorf("Load = generation %d, %v; want 50", a.Generation, err)
	}
}

const good = `{"version":1,"name":"work","id":"0123456789abcdef0123456789abcdef","store":"file","generation":1,"created":"2026-05-01T12:00:00Z","updated":"2026-05-01T12:00:00Z"}`

func unreadable() map[string]string {
	swap := func(from, to string) string { return strings.Replace(good, from, to, 1) }
	return map[string]string{
		"it is empty":                       "",
		"it is cut short":                   good[:70],
		"it is not JSON":                    "SECRETSECRET",
		"it is not a JSON object":           `["SECRETSECRET"]`,
		"something follows its JSON object": good + good,
		"it is of a newer version: its format version is 3, this codex-cred knows 2": swap(`"version":1`, `"version":3,"future":"SECRETSECRET"`),
		"its version is not a number":                             swap(`"version":1`, `"version":"SECRETSECRET"`),
		"it has no format version":                                swap(`"version":1,`, ``),
		`its member "generation" has the wrong type`:              swap(`"generation":1`, `"generation":"SECRETSECRET"`),
		"a member is unknown or has a value that cannot be":       swap(`"store"`, `"SECRETSECRET"`),
		`it is the record of another account: its name is "home"`: swap(`"work"`, `"home"`),
		"its id is not 32 hexadecimal digits":                     swap(`"0123`, `"SECRETSECRET`),
		"its count of unanswered refreshes is negative":           swap(`"generation"`, `"unanswered":-1,"generation"`),
		"the id of a leftover is not 32 hexadecimal digits":       swap(`"generation"`, `"leftovers":[{"id":"SECRETSECRET"}],"generation"`),
		"one of its times is out of range":                        swap(`"2026-05-01T12:00:00Z"`, `"9999-12-31T23:59:59-01:00"`),
	}
}

func TestUnreadable(t *testing.T) {
	t.Parallel()
	for reason, content := range unreadable() {
		t.Run(reason, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			mustUpdate(t, d, "work", signIn)
			if err := os.WriteFile(d.Path("work"), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			want := fmt.Sprintf("read %s: the account file is corrupt: %s", d.Path("work"), reason)
			_, loadErr := d.Load("work")
			_, updateErr := d.Update("work", func(*helper.Account) error {
				t.Error("Update called change")
				return nil
			})
			for doing, err := range map[string]error{"Load": loadErr, "Update": updateErr} {
				if !errors.Is(err, helper.ErrCorrupt) || err.Error() != want {
					t.Errorf("%s = %v\nwant %s", doing, err, want)
				}
			}
			if after := mustRead(t, d.Path("work")); after != content {
				t.Errorf("the file is now %q", after)
			}
		})
	}
}

func TestTooLong(t *testing.T) {
	t.Parallel()
	d := open(t)
	mustUpdate(t, d, "work", signIn)
	content := good + strings.Repeat(" ", 64<<10)
	if err := os.WriteFile(d.Path("work"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Update("work", signIn); !errors.Is(err, helper.ErrCorrupt) {
		t.Errorf("Update = %v, want ErrCorrupt", err)
	}
	if after := mustRead(t, d.Path("work")); after != content {
		t.Error("the file was changed")
	}
}

// TestSalvage finds the sign-ins of a record that cannot be decoded, for an erase.
func TestSalvage(t *testing.T) {
	const id, other = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
	stores := []string{"keychain", "file"}
	for content, want := range map[string][]helper.Leftover{
		"":                                       nil,
		"\x00\x00":                               nil,
		`{"id":"` + id + `","sto`:                {{ID: id, Store: "keychain"}, {ID: id, Store: "file"}},
		`{"id":"` + id + `","store":"file","gen`: {{ID: id, Store: "file"}},
		`{"id":"` + id + `","store" : "file","leftovers":[{"id":"` + other:     {{ID: id, Store: "file"}},
		`{"id":"` + id + `","store":"file","leftovers":[{"id":"` + other + `"`: {{ID: id, Store: "file"}, {ID: other, Store: "file"}},
		`{"id":"` + id + `0"}`: nil,
	} {
		root := filepath.Join(t.TempDir(), "root")
		d := accountdir.New(root, func() time.Time { return time.Time{} })
		if err := os.MkdirAll(filepath.Dir(d.Path("work")), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(d.Path("work"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := d.Salvage("work", stores)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("Salvage of %q: %v\n%s", content, err, diff)
		}
	}
}
