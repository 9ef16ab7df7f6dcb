// Package setupdir keeps the records with which a setup of another program can be undone. Start
// with [New].
//
// A record names files and never holds their content.
package setupdir

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/filelock"
	"github.com/codex-cred/codex-cred/internal/disk/safefile"
	"github.com/codex-cred/codex-cred/internal/disk/strictjson"
)

const (
	dirName  = "setup"
	suffix   = ".json"
	lockFile = ".lock"
	maxSize  = 64 << 10
	// recordVersion is the version of the file. Raise it for a change that an older codex-cred
	// would misread or lose.
	recordVersion = 1
)

// A Record describes how one client was set up. Name returns the name of its file.
type Record struct {
	Name    string `json:"-"`
	Version int    `json:"version"`
	Client  string `json:"client"`
	Account string `json:"account"`
	// Command is the path of this program as it was written.
	Command string `json:"command"`
	Host    string `json:"host,omitempty"`
	BaseURL string `json:"base_url,omitempty"`
	Files   []File `json:"files,omitempty"`
}

// A File is a file of another program that contains keys written by setup.
type File struct {
	Path string `json:"path"`
	// Created reports whether setup made the file.
	Created bool `json:"created,omitempty"`
	// Dirs are the directories that setup made for it, outermost first.
	Dirs []string `json:"dirs,omitempty"`
}

// A Dir is the set of records under one root.
type Dir struct{ dir safefile.Dir }

// New returns the records under root, which is absolute. It does not touch the disk.
func New(root string) *Dir { return &Dir{dir: safefile.Dir{Root: root, Name: dirName}} }

// Name returns the name of a client's record. A client that is set up for each host has one record
// for each.
func Name(client, host string) string {
	if host == "" {
		return client
	}
	return client + "@" + strings.ReplaceAll(host, ":", "_") // no host has a _ before its port
}

// Path returns the path of the record.
func (d *Dir) Path(name string) string { return d.dir.Path(name + suffix) }

// Folder returns the directory of the records.
func (d *Dir) Folder() string { return d.dir.Path("") }

// Files returns the paths of all files in the folder.
func (d *Dir) Files() ([]string, error) { return d.dir.Files() }

// Load returns the record, or ErrNotFound, ErrCorrupt, ErrNewer.
func (d *Dir) Load(name string) (Record, error) {
	content, err := d.dir.Read(name+suffix, maxSize)
	if err != nil {
		return Record{}, err
	}
	r, err := decode(content)
	if err == nil && Name(r.Client, r.Host) != name {
		err = errors.New("it is of another client than its name says")
	}
	if err != nil {
		return Record{}, fmt.Errorf("read %s: the record is %w: %w", d.Path(name), helper.ErrCorrupt, err)
	}
	r.Name = name
	return r, nil
}

func decode(content []byte) (Record, error) {
	var r Record
	if err := strictjson.DecodeWhole(content, recordVersion, &r); err != nil {
		return Record{}, err
	}
	for _, f := range r.Files {
		if !slices.ContainsFunc(append(f.Dirs, f.Path), notWhole) {
			continue
		}
		return Record{}, errors.New("it names a file by a relative path")
	}
	return r, helper.CheckName(r.Account)
}

func notWhole(path string) bool { return !filepath.IsAbs(path) }

// Save writes the record.
func (d *Dir) Save(r Record) error {
	r.Version = recordVersion
	content, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode the record: %w", err)
	}
	content = append(content, '\n')
	if _, err := decode(content); err != nil {
		return fmt.Errorf("write %s: the record is %w: %w", d.Path(Name(r.Client, r.Host)), helper.ErrInvalid, err)
	}
	return d.dir.Write(Name(r.Client, r.Host)+suffix, content)
}

// Remove deletes the record, or returns ErrNotFound.
func (d *Dir) Remove(name string) error { return d.dir.Remove(name + suffix) }

// List returns the names of the records in order, and the paths of all other files in the folder
// except the lock.
func (d *Dir) List() (names, strays []string, err error) {
	paths, err := d.Files()
	if err != nil {
		return nil, nil, err
	}
	for _, path := range paths {
		file := filepath.Base(path)
		name, ok := strings.CutSuffix(file, suffix)
		switch {
		case file == lockFile:
		case ok && !strings.HasPrefix(file, "."):
			names = append(names, name)
		default:
			strays = append(strays, path)
		}
	}
	return names, strays, nil
}

// Lock keeps other processes from changing setups. It creates the folder.
func (d *Dir) Lock(ctx context.Context) (unlock func() error, err error) {
	return filelock.Acquire(ctx, d.dir, lockFile)
}

// LockPath returns the path of the lock.
func (d *Dir) LockPath() string { return d.dir.Path(lockFile) }

// RemoveLock deletes the lock while it holds it, or returns ErrNotFound.
func (d *Dir) RemoveLock(ctx context.Context) error {
	if _, err := os.Lstat(d.LockPath()); errors.Is(err, os.ErrNotExist) {
		return helper.ErrNotFound
	}
	unlock, err := d.Lock(ctx)
	if err != nil {
		return err
	}
	return errors.Join(d.dir.Remove(lockFile), unlock())
}
