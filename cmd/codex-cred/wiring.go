package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/requestlog"
	"github.com/codex-cred/codex-cred/fallbackfile"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/accountdir"
	"github.com/codex-cred/codex-cred/internal/disk/filelock"
	"github.com/codex-cred/codex-cred/internal/disk/hosttable"
	"github.com/codex-cred/codex-cred/internal/disk/journal"
	"github.com/codex-cred/codex-cred/internal/disk/rundir"
	"github.com/codex-cred/codex-cred/internal/disk/safefile"
	"github.com/codex-cred/codex-cred/internal/disk/setupdir"
	"github.com/codex-cred/codex-cred/internal/disk/shimdir"
	"github.com/codex-cred/codex-cred/keychain"
	"github.com/codex-cred/codex-cred/refresh"
)

// The words for the stores, in account files and on the command line.
const (
	StoreAuto     = "auto"
	StoreKeychain = "keychain"
	StoreFile     = "file"
)

// A wiring holds the parts of one run, put together.
type wiring struct {
	Root      string
	Accounts  *accountdir.Dir
	Locks     *filelock.Locks
	Keychain  *keychain.Store
	FileStore *fallbackfile.Store
	Journals  *journal.Dir
	Hosts     *hosttable.Table
	Shims     *shimdir.Dir
	Setups    *setupdir.Dir
	Runs      *rundir.Dir
	Log       *requestlog.Log
	// Recorder writes the log; nil if nobody asked for one.
	Recorder      *requestlog.Recorder
	Records       helper.Records
	Keeper        helper.Keeper
	RefreshClient *refresh.Client
	hostID        func() (string, error)
}

func (p *program) wire() (*wiring, error) {
	root, err := p.root()
	if err == nil {
		err = safefile.CheckRoot(root)
	}
	if err != nil {
		return nil, err
	}
	return p.wireAt(root), nil
}

// wireAt wires what is under the root, which nobody has checked.
func (p *program) wireAt(root string) *wiring {
	w := &wiring{
		Root:          root,
		Accounts:      accountdir.New(root, p.Now),
		Locks:         filelock.New(root),
		Keychain:      keychain.New(),
		FileStore:     fallbackfile.New(root),
		Journals:      journal.New(root).Rooted(),
		Hosts:         hosttable.New(root),
		Shims:         shimdir.New(root),
		Setups:        setupdir.New(root),
		Runs:          rundir.New(root),
		Log:           requestlog.New(p.stateRoot(root)),
		hostID:        p.HostID,
		RefreshClient: &refresh.Client{UserAgent: userAgent(), Now: p.Now, Proxy: http.ProxyFromEnvironment, Running: p.running},
	}
	w.Keychain.Serialize = w.serializeKeychain
	p.record(w)
	w.Records = helper.Records{
		Accounts: w.Accounts,
		Stores:   helper.Router{StoreKeychain: w.Keychain, StoreFile: w.FileStore},
	}
	w.Keeper = helper.Keeper{Records: w.Records, Locker: w.Locks, Random: rand.Reader, Host: w.HostFor}
	return w
}

// serializeKeychain takes the lock of the keychain. It does not create the folder: a get that runs
// past `erase --all` must not recreate it.
func (w *wiring) serializeKeychain(ctx context.Context) (done func() error, err error) {
	if _, err := os.Lstat(w.Locks.Folder()); err != nil {
		return nil, err
	}
	return w.Locks.Lock(ctx, filelock.Keychain)
}

func (p *program) helper(w *wiring) *helper.Helper {
	return &helper.Helper{
		Records: w.Records,
		Refresher: &refresh.Gate{
			Records: w.Records, Locks: w.Locks.Rooted(), Start: p.startWorker, Now: p.Now, Kinds: exit.ReplyKinds(), Holder: w.HolderOf,
		},
		Now: p.Now, Outlives: p.outlives,
	}
}

// HolderOf names the process that holds the lock, for a person; nothing if nobody
// does, or the system does not say.
func (w *wiring) HolderOf(lock string) string {
	h, held, err := w.Locks.Holder(lock)
	switch {
	case err != nil || !held || h.PID == 0:
		return ""
	case h.Stopped:
		return holder(h) + ", which is stopped"
	}
	return holder(h)
}

// rotation is what a worker does.
func (p *program) rotation(w *wiring, mode string) *refresh.Rotation {
	r := &refresh.Rotation{
		Records: w.Records, Locker: flushingLocker{w.Locks.Rooted(), w.Recorder}, Journals: w.Journals, Client: w.RefreshClient,
		Host: w.MachineID(), Unreached: 2 * time.Second, SendTime: sendTime,
		Random: rand.Reader, Now: p.Now, At: p.at, Kinds: exit.ReplyKinds(),
	}
	if mode == background {
		r.Unreached = time.Minute // the token is still good: there is time
	}
	return r
}

// HostFor returns the machine that sign-ins in the store are tied to. Files can be
// copied, and a home can be shared by several machines.
func (w *wiring) HostFor(store string) string {
	if store != StoreFile {
		return ""
	}
	return w.MachineID()
}

// MachineID returns the id of this machine; none where the system tells none.
func (w *wiring) MachineID() string {
	id, err := w.hostID()
	if err != nil {
		return ""
	}
	return id
}

// Root returns the directory under which all our files lie.
func (p *program) root() (string, error) {
	root := p.Getenv("CODEX_CRED_HOME")
	switch {
	case root == "" && p.Getenv("HOME") == "" && runtime.GOOS != "windows":
		return "", fault.WithHint(errors.New("find the home directory: HOME is not set"), "set HOME, or CODEX_CRED_HOME to a directory of your own")
	case root == "":
		root = filepath.Join(p.DataHome, "codex-cred")
	case !filepath.IsAbs(root):
		return "", fault.WithHint(fmt.Errorf("CODEX_CRED_HOME is %q, a relative path", root), "set it to a path that begins at the root")
	}
	return filepath.Clean(root), nil
}
