// Package shimdir keeps shims: programs that run codex-cred with fixed arguments. A shim is a link,
// on Windows a copy, beside a file with its arguments. Neither holds a secret.
package shimdir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/safefile"
	"github.com/codex-cred/codex-cred/internal/disk/strictjson"
)

const (
	dirName = "shims"
	suffix  = ".json"
	// maxSize is the largest file of arguments in bytes.
	maxSize = 64 << 10
	// formVersion is the version of that file.
	formVersion = 1
)

// programName reports whether a shim can have the name. Names have no dot, so none is that of a
// file of arguments.
func programName(name string) bool {
	const plain = "abcdefghijklmnopqrstuvwxyz0123456789"
	return name != "" && len(name) <= 64 && strings.Trim(name[:1], plain) == "" && strings.Trim(name, plain+"_-") == ""
}

// ErrArgs means that the arguments of a shim are ErrCorrupt.
var ErrArgs = errors.New("the arguments")

// Dir is the set of shims under one root. Errors are those of [safefile.Dir], ErrInvalid for an
// invalid name, and ErrCorrupt.
type Dir struct{ dir safefile.Dir }

// New returns the shims under root, which is absolute. It does not touch the disk.
func New(root string) *Dir { return &Dir{safefile.Dir{Root: root, Name: dirName}} }

// Folder returns the directory of the shims.
func (d *Dir) Folder() string { return d.dir.Path("") }

// Path returns the path of the shim.
func (d *Dir) Path(name string) string { return d.dir.Path(name + extension()) }

// ArgsPath returns the path of its arguments.
func (d *Dir) ArgsPath(name string) string { return d.dir.Path(name + suffix) }

func extension() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}

// form is the stored form of the arguments.
type form struct {
	Version int      `json:"version"`
	Args    []string `json:"args"`
}

// Add makes the shim, or replaces the arguments of an existing one. program is the path of the
// executable.
func (d *Dir) Add(name, program string, args []string) error {
	if !programName(name) {
		return fmt.Errorf("the name of the program is %w: use a-z, 0-9, - and _, at most 64", helper.ErrInvalid)
	}
	content, err := json.Marshal(form{formVersion, args})
	if err != nil {
		return fmt.Errorf("encode the arguments: %w", err)
	}
	if len(content) >= maxSize {
		return fmt.Errorf("the arguments are %w", helper.ErrTooLarge)
	}
	if err := d.dir.Make(); err != nil {
		return err
	}
	// The arguments come first: a program without them would be codex-cred itself.
	if err := d.dir.Write(name+suffix, append(content, '\n')); err != nil {
		return err
	}
	if runtime.GOOS == "windows" {
		return replace(program, d.Path(name))
	}
	// The rename is atomic for callers that run it meanwhile.
	temp := d.dir.Path("." + name + ".link")
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("replace the program: %w", err)
	}
	if err := os.Symlink(program, temp); err != nil {
		return fmt.Errorf("make the program: %w", err)
	}
	if err := os.Rename(temp, d.Path(name)); err != nil {
		return errors.Join(fmt.Errorf("replace the program: %w", err), os.Remove(temp))
	}
	return nil
}

// replace copies the program, on systems where users may not create links.
func replace(program, path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("replace the program: %w", err)
	}
	if os.Link(program, path) == nil {
		return nil
	}
	from, err := os.Open(program) //nolint:gosec // this program
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	to, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o700) //nolint:gosec // a program
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close())
}

// Names returns the names of the shims in order. It creates nothing.
func (d *Dir) Names() ([]string, error) {
	files, err := d.dir.Names()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, file := range files {
		name := strings.TrimSuffix(strings.TrimSuffix(file, suffix), extension())
		if programName(name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// Files returns the paths of all files in the folder.
func (d *Dir) Files() ([]string, error) { return d.dir.Files() }

// Args returns the arguments of the shim, or ErrNotFound.
func (d *Dir) Args(name string) ([]string, error) {
	content, err := d.dir.Read(name+suffix, maxSize)
	if err != nil {
		return nil, err
	}
	args, err := decode(content)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w are %w: %w", d.ArgsPath(name), ErrArgs, helper.ErrCorrupt, err)
	}
	return args, nil
}

func decode(content []byte) ([]string, error) {
	var f form
	if err := strictjson.DecodeWhole(content, formVersion, &f); err != nil {
		return nil, err
	}
	return f.Args, nil
}

// Remove deletes the shim and its arguments, or returns ErrNotFound.
func (d *Dir) Remove(name string) error {
	if !programName(name) {
		return fmt.Errorf("the program is %w", helper.ErrNotFound)
	}
	linkErr := os.Remove(d.Path(name))
	if errors.Is(linkErr, fs.ErrNotExist) {
		linkErr = helper.ErrNotFound
	}
	err := d.dir.Remove(name + suffix)
	if errors.Is(linkErr, helper.ErrNotFound) {
		return err
	}
	if errors.Is(err, helper.ErrNotFound) {
		return linkErr
	}
	return errors.Join(linkErr, err)
}

// maxLinks is the longest chain of links to a shim, as the system limits it.
const maxLinks = 40

// Resolve returns the arguments of the shim that was started by path, which may be a link to it,
// and its root. ErrNotFound: the path is not a shim. Any other error belongs to a shim without
// arguments.
func Resolve(path string) (args []string, root string, err error) {
	for range maxLinks {
		args, root, err = at(path)
		if !errors.Is(err, helper.ErrNotFound) {
			return args, root, err
		}
		next, linkErr := os.Readlink(path)
		if linkErr != nil {
			break
		}
		if !filepath.IsAbs(next) {
			next = filepath.Join(filepath.Dir(path), next)
		}
		path = next
	}
	return nil, "", helper.ErrNotFound
}

func at(path string) (args []string, root string, err error) {
	path, err = filepath.Abs(path)
	folder := filepath.Dir(path)
	name := strings.TrimSuffix(filepath.Base(path), extension())
	if err != nil || filepath.Base(folder) != dirName || !programName(name) {
		return nil, "", helper.ErrNotFound
	}
	root = filepath.Dir(folder)
	args, err = New(root).Args(name)
	return args, root, err
}
