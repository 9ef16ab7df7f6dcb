package exit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/keychain"
)

// The table is the promise to scripts: each kind of error, its exit code, and
// what a person is told to do next.
func TestReport(t *testing.T) {
	of := func(err error) error { return helper.ForAccount("work", fmt.Errorf("read it: %w", err)) }
	for _, c := range []struct {
		err  error
		code int
		hint string
	}{
		{errors.New("something"), 1, ""},
		{of(helper.ErrCorrupt), 1, "run: codex-cred erase work, then sign in again"},
		{of(fmt.Errorf("%w: %w", helper.ErrCorrupt, helper.ErrNewer)), 1, "use the codex-cred that wrote it"},
		{of(helper.ErrTooLarge), 1, "keep the tokens in a file: codex-cred login work --replace --store file"},
		{of(helper.ErrConflict), 1, "try again"},
		{of(helper.ErrRejected), 1, "is this the issuer that you meant? then try again"},
		{fault.Usage("wrong"), 2, ""},
		{of(helper.ErrInvalid), 2, ""},
		{of(helper.ErrNotFound), 3, "run: codex-cred login work"},
		{of(fmt.Errorf("%w: %w", helper.ErrErasing, helper.ErrNotFound)), 3, "run: codex-cred erase work"},
		{helper.ForAccount("default", helper.ErrNotFound), 3, "run: codex-cred login default"},
		{of(helper.ErrSignInRequired), 4, "run: codex-cred login work"},
		{of(helper.ErrShared), 4, "move it here: codex-cred import --from SOURCE; or sign in anew: codex-cred login work --replace"},
		{of(&helper.SharedError{Source: "/a b/auth.json"}), 4, "move it here: codex-cred import --from '/a b/auth.json'; or sign in anew: codex-cred login work --replace"},
		{of(helper.ErrTemporary), 5, "try again later"},
		{of(helper.ErrTimeout), 5, "answer the keychain's window if one is open, or sign out of the desktop and in again, then try again"},
		{of(fmt.Errorf("%w: %w", helper.ErrUnknown, helper.ErrTimeout)), 5, "try again"},
		{of(helper.ErrUnknown), 5, "try again"},
		{of(context.DeadlineExceeded), 5, "try again, or allow more time with --timeout"},
		{of(fmt.Errorf("%w: %w", helper.ErrLocked, keychain.ErrConfirm)), 6, "turn off 'Confirm when passwords are retrieved by clients' in KeePassXC's settings, Secret Service Integration, then try again"},
		{of(helper.ErrLocked), 6, "unlock the keychain, by signing in to the desktop or in its program (Passwords and Keys, or Keychain Access), then try again"},
		{of(helper.ErrUnavailable), 6, "try from a desktop session, or keep the tokens in a file: codex-cred login work --replace --store file"},
		{of(fmt.Errorf("%w: %w", helper.ErrUnavailable, keychain.ErrNoBus)), 6, "over ssh or in a container there may be none: try from a desktop session, or keep the tokens in a file: codex-cred login work --replace --store file"},
		{of(fmt.Errorf("%w: %w", helper.ErrUnavailable, keychain.ErrNoProvider)), 6, "start or install a keychain such as gnome-keyring or KeePassXC, or keep the tokens in a file: codex-cred login work --replace --store file"},
		{of(fmt.Errorf("%w: %w", helper.ErrUnavailable, keychain.ErrNoCollection)), 6, "create a keyring by signing in to the desktop or in Passwords and Keys (seahorse), or keep the tokens in a file: codex-cred login work --replace --store file"},
		{of(fmt.Errorf("%w: %w", helper.ErrUnavailable, &fs.PathError{Op: "open", Path: "/x", Err: fs.ErrPermission})), 6, "check who may write there, and the disk"},
		{of(helper.ErrFull), 6, "free some space, then try again"},
		{of(&helper.UnsafeError{Path: "/x", Problem: "is a symbolic link", Fix: "remove it"}), 6, "remove it"},
		{of(helper.ErrBusy), 7, "wait for the other codex-cred, then try again; see who holds it: codex-cred doctor"},
		{fault.ErrNeedsPerson, 8, ""},
		{of(fault.ErrFindings), 10, "mend what the list names, then repeat: codex-cred erase work"},
		{context.Canceled, 130, ""},
	} {
		t.Run(c.err.Error(), func(t *testing.T) { checkReport(t, c.err, c.code, c.hint) })
	}
}

func checkReport(t *testing.T, err error, code int, hint string) {
	var stderr bytes.Buffer
	p := &Reporter{Terminal: &terminal.Terminal{Err: &stderr}, JSON: true}
	p.Report(err)
	line, object, _ := bytes.Cut(stderr.Bytes(), []byte("\n"))
	if got := Code(err); got != code {
		t.Errorf("exit code %d, want %d", got, code)
	}
	wantEnd := "; " + hint
	if hint == "" {
		wantEnd = ""
	}
	if !bytes.HasPrefix(line, []byte("codex-cred: ")) || !bytes.HasSuffix(line, []byte(wantEnd)) {
		t.Errorf("line %q does not end with %q", line, wantEnd)
	}
	var got struct {
		SchemaVersion int    `json:"schema_version"`
		Error         string `json:"error"`
		Hint          string `json:"hint"`
		ExitCode      int    `json:"exit_code"`
	}
	if err := json.Unmarshal(object, &got); err != nil {
		t.Fatalf("the second line is no JSON: %v", err)
	}
	if got.SchemaVersion != 1 || got.Error == "" || got.Hint != hint || got.ExitCode != code {
		t.Errorf("JSON %+v, want hint %q and exit code %d", got, hint, code)
	}
}
