package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/config/configfile"
	"github.com/codex-cred/codex-cred/internal/disk/setupdir"
)

// A configEdit adds our keys to a config file, and removes them.
type configEdit struct {
	path string
	// blank is the content that an absent file counts as. If undo restores this content in a file that
	// setup created, it removes the file.
	blank string
	// whole: the whole file is ours, and undo removes it even if something else created it.
	whole bool
	// put returns the content with our keys, and the names of the keys with other values that it
	// replaced. If replace is false and it would replace a value, it returns an [otherValueError].
	put func(content []byte, replace bool) (edited []byte, replaced []string, err error)
	// take returns the content without our keys.
	take func(content []byte) ([]byte, error)
}

// An otherValueError names the keys that have other values.
type otherValueError struct{ keys []string }

// Error implements error.
func (e *otherValueError) Error() string {
	if len(e.keys) > 1 {
		return strings.Join(e.keys, " and ") + " are there with other values"
	}
	return strings.Join(e.keys, "") + " is there with another value"
}

// editing returns the client with the functions that edit files. The edits may depend only on the
// record.
func editing(c client, edits func(ctx context.Context, s *setup) ([]configEdit, error)) client {
	c.write = func(ctx context.Context, s *setup) error { return s.writeFiles(ctx, edits) }
	c.undo = func(ctx context.Context, s *setup) error { return s.undoFiles(ctx, edits) }
	c.present = func(ctx context.Context, s *setup) (bool, error) { return s.inFiles(ctx, edits) }
	return c
}

// A plan is the pending change of a file.
type plan struct {
	file     *configfile.File
	content  []byte
	replaced []string
	record   setupdir.File
}

func (p plan) changes() bool { return !p.file.Exists || !bytes.Equal(p.content, p.file.Content) }

// writeFiles plans the changes of all files before it changes any, and saves the record first: undo
// can then undo a partial write.
func (s *setup) writeFiles(ctx context.Context, edits func(context.Context, *setup) ([]configEdit, error)) error {
	before, err := s.before(ctx, edits)
	if err != nil {
		return err
	}
	after, err := edits(ctx, s)
	if err != nil {
		return err
	}
	var plans []plan
	for _, edit := range after {
		pl, err := s.plan(edit, before)
		if err != nil {
			return err
		}
		plans = append(plans, pl)
		s.Files = append(s.Files, pl.record)
	}
	if err := s.Setups.Save(s.Record); err != nil {
		return err
	}
	for i, pl := range plans {
		if err := s.carryOut(i, pl); err != nil {
			return err
		}
	}
	return nil
}

// An earlier is what an earlier run wrote.
type earlier struct {
	files []setupdir.File
	edits []configEdit
}

// before returns what an earlier run wrote, possibly for another account.
func (s *setup) before(
	ctx context.Context, edits func(context.Context, *setup) ([]configEdit, error),
) (earlier, error) {
	r, err := s.recorded()
	if errors.Is(err, helper.ErrNotFound) {
		return earlier{}, nil
	}
	if err != nil {
		return earlier{}, err
	}
	old := *s
	old.Record = r
	list, err := edits(ctx, &old)
	return earlier{files: r.Files, edits: list}, err
}

// plan plans the change of a file and verifies that it can be undone.
func (s *setup) plan(edit configEdit, before earlier) (plan, error) {
	f, err := configfile.Read(edit.path)
	if err != nil {
		return plan{}, err
	}
	pl := plan{file: f, record: setupdir.File{Path: edit.path, Created: !f.Exists}}
	base := f.Content
	if !f.Exists {
		base = []byte(edit.blank)
	}
	if i := slices.IndexFunc(before.files, func(f setupdir.File) bool { return f.Path == edit.path }); i >= 0 && f.Exists {
		pl.record = before.files[i]
		if base, err = before.edits[i].take(base); err != nil {
			return plan{}, atPath(edit.path, err)
		}
	} else if len(before.files) > 0 && i < 0 {
		return plan{}, fault.WithHint(fmt.Errorf("%s is set up in %s", s.Client, before.files[0].Path),
			fmt.Sprintf("first run: codex-cred setup %s --undo", s.Client))
	}
	if edit.whole { // undo does not restore what is already ours
		if base, err = edit.take(base); err != nil {
			return plan{}, atPath(edit.path, err)
		}
	}
	pl.content, pl.replaced, err = edit.put(base, s.replace)
	if other := (*otherValueError)(nil); errors.As(err, &other) {
		them := "it"
		if len(other.keys) > 1 {
			them = "them"
		}
		return plan{}, fault.WithHint(atPath(edit.path, err),
			fmt.Sprintf("--replace replaces %[1]s, and --undo will not bring %[1]s back", them))
	}
	if err != nil {
		return plan{}, atPath(edit.path, err)
	}
	if len(pl.replaced) == 0 {
		err = undoes(edit, base, pl.content)
	}
	return pl, err
}

// undoes verifies that take restores the base byte for byte. If put changed nothing, there is
// nothing to restore.
func undoes(edit configEdit, base, content []byte) error {
	back, err := edit.take(content)
	if err == nil && (bytes.Equal(back, base) || bytes.Equal(content, base)) {
		return nil
	}
	why := errors.New("its form is one that could not be brought back byte for byte")
	return fault.WithHint(atPath(edit.path, errors.Join(why, err)), "put in by hand what setup prints without --write")
}

func atPath(path string, err error) error { return fmt.Errorf("edit %s: %w", path, err) }

func (s *setup) carryOut(i int, pl plan) error {
	if !pl.changes() {
		s.Warn("%s is as it should be: nothing to change", pl.record.Path)
		return nil
	}
	made, err := pl.file.Replace(pl.content)
	if len(made) > 0 {
		s.Files[i].Dirs = made
		err = errors.Join(err, s.Setups.Save(s.Record))
	}
	if err != nil {
		return err
	}
	for _, key := range pl.replaced {
		s.Warn("warning: %s of another value was replaced; --undo does not bring it back", key)
	}
	host := ""
	if s.Host != "" {
		host = " --host " + s.Host
	}
	s.Warn("%s: %s asks for the tokens of account %q now; to undo it: codex-cred setup %s --undo%s",
		pl.record.Path, s.Client, s.Account, s.Client, host)
	return nil
}

// undoFiles removes our keys from every readable file and reports the others. It undoes the files
// in reverse order. [helper.ErrNotFound] means that no file had our keys.
func (s *setup) undoFiles(ctx context.Context, edits func(context.Context, *setup) ([]configEdit, error)) error {
	list, err := edits(ctx, s)
	if err != nil {
		return err
	}
	found := false
	for i, edit := range slices.Backward(list) {
		if i >= len(s.Files) {
			continue // an interrupted run did not get to this file
		}
		edit.path = s.Files[i].Path
		was, failed := s.undoFile(edit, s.Files[i])
		err, found = errors.Join(err, failed), found || was
	}
	if err == nil && !found {
		return helper.ErrNotFound
	}
	return err
}

func (s *setup) undoFile(edit configEdit, r setupdir.File) (found bool, err error) {
	f, err := configfile.Read(edit.path)
	if err != nil || !f.Exists {
		removeEmpty(r.Dirs)
		return false, err
	}
	content, err := edit.take(f.Content)
	if err != nil {
		return false, atPath(edit.path, err)
	}
	found = !bytes.Equal(content, f.Content)
	switch {
	case (r.Created || edit.whole && found) && string(content) == edit.blank:
		err = f.Remove()
		removeEmpty(r.Dirs)
	case found:
		_, err = f.Replace(content)
	}
	return found, err
}

// removeEmpty removes the directories that setup created, if they are empty.
func removeEmpty(dirs []string) {
	for _, dir := range slices.Backward(dirs) {
		_ = os.Remove(dir)
	}
}

func (s *setup) inFiles(ctx context.Context, edits func(context.Context, *setup) ([]configEdit, error)) (bool, error) {
	list, err := edits(ctx, s)
	if err != nil {
		return false, err
	}
	for i, edit := range list {
		if i >= len(s.Files) {
			break
		}
		f, err := configfile.Read(s.Files[i].Path)
		if err != nil {
			return false, err
		}
		if content, err := edit.take(f.Content); err != nil || !bytes.Equal(content, f.Content) {
			return err == nil, err
		}
	}
	return false, nil
}
