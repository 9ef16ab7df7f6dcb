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
	storeAuto     = "auto"
	storeKeychain = "keychain"
	storeFile     = "file"
)

// A wiring holds the parts of one run, put together.
type wiring struct {
	root     string
	accounts *accountdir.Dir
	locks    *filelock.Locks
	keychain *keychain.Store
	files    *fallbackfile.Store
	journals *journal.Dir
	hosts    *hosttable.Table
	shims    *shimdir.Dir
	setups   *setupdir.Dir
	runs     *rundir.Dir
	log      *requestlog.Log
	// recorder writes the log; nil if nobody asked for one.
	recorder *requestlog.Recorder
	records  helper.Records
	keeper   helper.Keeper
	client   *refresh.Client
	hostID   func() (string, error)
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
		root:     root,
		accounts: accountdir.New(root, p.Now),
		locks:    filelock.New(root),
		keychain: keychain.New(),
		files:    fallbackfile.New(root),
		journals: journal.New(root).RequireRoot(),
		hosts:    hosttable.New(root),
		shims:    shimdir.New(root),
		setups:   setupdir.New(root),
		runs:     rundir.New(root),
		log:      requestlog.New(p.stateRoot(root)),
		hostID:   p.hostID,
		client:   &refresh.Client{UserAgent: userAgent(), Now: p.Now, Proxy: http.ProxyFromEnvironment, Running: p.running},
	}
	w.keychain.Serialize = w.serializeKeychain
	p.record(w)
	w.records = helper.Records{
		Accounts: w.accounts,
		Stores:   helper.Router{storeKeychain: w.keychain, storeFile: w.files},
	}
	w.keeper = helper.Keeper{Records: w.records, Locker: w.locks, Random: rand.Reader, Host: w.hostOf}
	return w
}

// serializeKeychain takes the lock of the keychain. It does not create the folder: a get that runs
// past `erase --all` must not recreate it.
func (w *wiring) serializeKeychain(ctx context.Context) (done func() error, err error) {
	if _, err := os.Lstat(w.locks.Folder()); err != nil {
		return nil, err
	}
	return w.locks.Lock(ctx, filelock.Keychain)
}

func (p *program) helper(w *wiring) *helper.Helper {
	return &helper.Helper{
		Records: w.records,
		Refresher: &refresh.Gate{
			Records: w.records, Locks: w.locks.RequireRoot(), Start: p.startWorker, Now: p.Now, Kinds: exit.ReplyKinds(), Holder: w.processAt,
		},
		Now: p.Now, Outlives: p.outlives,
	}
}

// processAt names the process that holds the lock, for a person; nothing if nobody
// does, or the system does not say.
func (w *wiring) processAt(lock string) string {
	h, held, err := w.locks.Holder(lock)
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
		Records: w.records, Locker: flushingLocker{w.locks.RequireRoot(), w.recorder}, Journals: w.journals, Client: w.client,
		Host: w.host(), UnreachablePause: 2 * time.Second, SendTime: sendTime,
		Random: rand.Reader, Now: p.Now, At: p.at, Kinds: exit.ReplyKinds(),
	}
	if mode == background {
		r.UnreachablePause = time.Minute // the token is still good: there is time
	}
	return r
}

// hostOf returns the machine that sign-ins in the store are tied to. Files can be
// copied, and a home can be shared by several machines.
func (w *wiring) hostOf(store string) string {
	if store != storeFile {
		return ""
	}
	return w.host()
}

// host returns the id of this machine; none where the system tells none.
func (w *wiring) host() string {
	id, err := w.hostID()
	if err != nil {
		return ""
	}
	return id
}

// root returns the directory under which all our files lie.
func (p *program) root() (string, error) {
	root := p.getenv("CODEX_CRED_HOME")
	switch {
	case root == "" && p.getenv("HOME") == "" && runtime.GOOS != "windows":
		return "", fault.WithHint(errors.New("find the home directory: HOME is not set"), "set HOME, or CODEX_CRED_HOME to a directory of your own")
	case root == "":
		root = filepath.Join(p.dataHome, "codex-cred")
	case !filepath.IsAbs(root):
		return "", fault.WithHint(fmt.Errorf("CODEX_CRED_HOME is %q, a relative path", root), "set it to a path that begins at the root")
	}
	return filepath.Clean(root), nil
}
