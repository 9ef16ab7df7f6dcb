package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/config/configfile"
	"github.com/codex-cred/codex-cred/internal/moving"
)

// A source is where another program keeps sign-ins.
type source struct {
	// from is the value of --from that names the source from any directory.
	from   string
	format moving.Format // empty: to be detected
	// files are the paths to read; none for standard input.
	files []string
	// absent is the hint if there is nothing.
	absent string
}

// stdinSource is the value of --from for standard input.
const stdinSource = "-"

// source returns the source that --from names.
func (p *program) source(ctx context.Context, from string) (source, error) {
	switch {
	case from == "":
		return source{}, fault.UsageHint("import needs --from codex, opencode, oc-codex-multi-auth, a file, or - for standard input",
			"see: codex-cred import --help")
	case from == stdinSource:
		return source{from: stdinSource}, nil
	case from == string(moving.Codex):
		return p.codexSource(ctx)
	case from == string(moving.OpenCode):
		return p.openCodeSource()
	case from == string(moving.Pool):
		return p.poolSource()
	case inKeychain(from):
		return source{
			from: from, format: moving.Codex, files: []string{from},
			absent: "--from takes codex, opencode, oc-codex-multi-auth, a file or -",
		}, nil
	}
	path, err := filepath.Abs(from)
	return source{
		from: path, files: []string{path},
		absent: "--from takes codex, opencode, oc-codex-multi-auth, a file or -",
	}, err
}

// codexSource returns Codex's file or, if there is none, its keychain item.
// Codex uses only one of them.
func (p *program) codexSource(ctx context.Context) (source, error) {
	path, err := p.configPath("CODEX_HOME", ".codex", "auth.json")
	if there, _ := exists(path); err == nil && !there {
		item := keychainPath(codexItems(filepath.Dir(path))[0])
		if _, err := readItem(ctx, item, moving.Codex); !errors.Is(err, fs.ErrNotExist) {
			path = item
		}
	}
	return source{from: path, format: moving.Codex, files: []string{path}, absent: "run: codex-cred login"}, err
}

func (p *program) openCodeSource() (source, error) {
	const instead = "OPENCODE_AUTH_CONTENT"
	if p.Getenv(instead) != "" {
		return source{}, fault.WithHint(
			fmt.Errorf("OpenCode takes its sign-ins from %s here, from which nothing can be removed: %w",
				instead, helper.ErrInvalid),
			"unset "+instead)
	}
	path, err := p.configPath("XDG_DATA_HOME", filepath.Join(".local", "share"), filepath.Join("opencode", "auth.json"))
	return source{from: path, format: moving.OpenCode, files: []string{path}, absent: "run: codex-cred login"}, err
}

// poolSource returns the user's file and those of projects, which begin as
// copies of it.
func (p *program) poolSource() (source, error) {
	const name = "oc-codex-multi-auth-accounts.json"
	home, err := os.UserHomeDir()
	if err != nil {
		return source{}, fault.WithHint(err, "set HOME")
	}
	dir := filepath.Join(home, ".opencode")
	files := []string{filepath.Join(dir, name)}
	projects, err := os.ReadDir(filepath.Join(dir, "projects"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return source{}, fmt.Errorf("look for the projects of %s: %w: %w", moving.Pool, helper.ErrUnavailable, err)
	}
	for _, project := range projects {
		if project.IsDir() {
			files = append(files, filepath.Join(dir, "projects", project.Name(), name))
		}
	}
	return source{
		from: string(moving.Pool), format: moving.Pool, files: files,
		absent: "if it keeps them in the keychain (CODEX_KEYCHAIN=1), first let it roll that back; else run: codex-cred login",
	}, nil
}

// A document is one file of a source, or standard input, as it was read.
type document struct {
	path    string // as shown to the user
	content []byte
	format  moving.Format
	// write replaces the content, and remove deletes the document. Both fail if it
	// has changed since it was read.
	write   func(content []byte) error
	remove  func() error
	entries []moving.Entry
}

// read returns the documents of the source that hold sign-ins. If there are
// none, none says why.
func (p *program) read(ctx context.Context, s source) (found []document, none error, err error) {
	if s.from == stdinSource {
		d, err := p.readStdin()
		if errors.Is(err, helper.ErrNotFound) {
			return nil, err, nil
		}
		return []document{d}, nil, err
	}
	none = fault.WithHint(fmt.Errorf("there is no %s: sign-in %w", s.files[0], helper.ErrNotFound), s.absent)
	for i, path := range s.files {
		d, err := readDocument(ctx, path, s.format)
		switch {
		case err == nil:
			found = append(found, d)
		case errors.Is(err, fs.ErrNotExist):
		case errors.Is(err, helper.ErrNotFound):
			if i == 0 {
				none = err
			}
		default:
			return nil, nil, err
		}
	}
	return found, none, nil
}

func (p *program) readStdin() (document, error) {
	if terminal.IsTerminal(p.In) {
		return document{}, fault.WithHint(
			fmt.Errorf("import reads standard input, and %w to type it: that would show it", fault.ErrNeedsPerson),
			"run: codex-cred import --from - < FILE")
	}
	content, err := io.ReadAll(io.LimitReader(p.In, moving.MaxSize+1))
	if err != nil {
		return document{}, fmt.Errorf("read standard input: %w: %w", helper.ErrUnavailable, err)
	}
	return parseDocument(document{path: "standard input", content: content}, "")
}

// readDocument reads a file or a keychain item. fs.ErrNotExist: there is none.
func readDocument(ctx context.Context, path string, format moving.Format) (document, error) {
	if inKeychain(path) {
		return readItem(ctx, path, format)
	}
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return document{}, err
	case err != nil:
		return document{}, ofFile(fmt.Errorf("read %s: %w: %w", path, helper.ErrUnavailable, err))
	case info.Mode()&fs.ModeSymlink != 0:
		return document{}, &helper.UnsafeError{
			Path: path, Problem: "is a symbolic link",
			Fix: "whoever made it may have the sign-in elsewhere too; name the file that it leads to: codex-cred import --from FILE",
		}
	case !info.Mode().IsRegular():
		return document{}, &helper.UnsafeError{
			Path:    path,
			Problem: "is " + configfile.Kind(info.Mode()) + " and not a regular file",
			Fix:     "name a file: codex-cred import --from FILE",
		}
	case info.Size() > moving.MaxSize:
		return document{}, fmt.Errorf("read %s: it is %w: it has more than %d bytes", path, helper.ErrInvalid, moving.MaxSize)
	}
	file, err := configfile.Read(path)
	if err != nil {
		return document{}, ofFile(err)
	}
	return parseDocument(document{
		path: path, content: file.Content, remove: file.Remove,
		write: func(content []byte) error {
			_, err := file.Replace(content)
			return err
		},
	}, format)
}

// ofFile replaces the hint of an error about a file, which would be about
// keychains.
func ofFile(err error) error {
	if errors.Is(err, helper.ErrUnavailable) {
		return fault.WithHint(err, "check who may read and write there, and the disk")
	}
	return err
}

func parseDocument(d document, format moving.Format) (document, error) {
	var err error
	if d.format, d.entries, err = moving.Parse(d.content, format); err != nil {
		return document{}, fmt.Errorf("read %s: %w", d.path, err)
	}
	return d, nil
}

// elsewhere returns another place that has the refresh token too, as a value of
// --from, or an empty string. It checks the known programs and the one that the
// account was shared with.
func (p *program) elsewhere(ctx context.Context, s source, shared string, refresh helper.Secret) string {
	others := []func() (source, error){
		func() (source, error) { return p.codexSource(ctx) },
		p.openCodeSource, p.poolSource,
	}
	if filepath.IsAbs(shared) || inKeychain(shared) {
		others = append(others, func() (source, error) { return source{from: shared, files: []string{shared}}, nil })
	}
	for _, other := range others {
		o, err := other()
		if err != nil || o.from == s.from {
			continue
		}
		for _, path := range o.files {
			d, err := readDocument(ctx, path, o.format)
			if err == nil && path != s.from && d.has(refresh) {
				return o.from
			}
		}
	}
	return ""
}

func (d document) has(refresh helper.Secret) bool {
	for _, e := range d.entries {
		if e.Refresh.Equal(refresh) {
			return true
		}
	}
	return false
}
