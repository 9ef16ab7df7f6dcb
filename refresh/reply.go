package refresh

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"

	"github.com/codex-cred/codex-cred/helper"
)

// Serve performs the demand as [Rotation.Refresh] does, for a [Gate] in another process, and writes the reply to w,
// which it closes. If the new credential could be saved neither in the store nor in the journal, it then keeps trying
// to store it until ctx is done.
func (r *Rotation) Serve(ctx context.Context, d helper.Demand, w io.WriteCloser) error {
	rec, err := r.refreshWithSendTime(ctx, d)
	replied := joinErrors(r.sendReply(w, rec, err), w.Close())
	if e := (*unstoredError)(nil); errors.As(err, &e) {
		r.retryStore(ctx, e.unstored)
	}
	return replied
}

func (r *Rotation) refreshWithSendTime(ctx context.Context, d helper.Demand) (helper.Record, error) {
	if r.SendTime > 0 {
		var cancel context.CancelFunc
		ctx, cancel = r.Client.Running.WithTimeout(ctx, r.SendTime)
		defer cancel()
	}
	return r.Refresh(ctx, d)
}

func (r *Rotation) sendReply(w io.Writer, rec helper.Record, err error) error {
	if stopped := r.at("reply"); stopped != nil {
		return stopped
	}
	return writeReply(w, rec, err, r.Kinds)
}

// A reply is the record and the error of a refresh, sent by a worker to the process that started it.
type reply struct {
	// Of the account only the members that callers use.
	Account string    `json:"account,omitempty"`
	ID      helper.ID `json:"id,omitempty"`
	Store   string    `json:"store,omitempty"`
	// Generation of the account's file.
	Generation uint64         `json:"generation,omitempty"`
	Item       []byte         `json:"item,omitempty"` // the encoded credential
	Version    helper.Version `json:"version,omitempty"`
	Error      string         `json:"error,omitempty"`
	Kinds      []string       `json:"kinds,omitempty"`
	Unsafe     *unsafePath    `json:"unsafe,omitempty"`
	File       *failedFile    `json:"file,omitempty"`
}

// A failedFile is a [fs.PathError] in a reply.
type failedFile struct{ Op, Path, Text string }

// An unsafePath is a [helper.UnsafeError] in a reply.
type unsafePath struct{ Path, Problem, Fix string }

// maxReply limits the size of a reply in bytes. An answer of the token endpoint has at most 4 MiB, and JSON and base64
// lengthen it.
const maxReply = 16 << 20

func writeReply(w io.Writer, rec helper.Record, err error, more map[string]error) error {
	var p reply
	if rec.Credential.Generation > 0 {
		item, encodeErr := helper.Encode(rec.Credential)
		if encodeErr != nil {
			return encodeErr
		}
		a := rec.Account
		p = reply{Account: a.Name, ID: a.ID, Store: a.Store, Generation: a.Generation, Item: item, Version: rec.Version}
	}
	if about := (*helper.AccountError)(nil); errors.As(err, &about) {
		err = about.Err // the reader adds the account's name
	}
	if err != nil {
		p.Error, p.Kinds = err.Error(), kindsOf(err, more)
	}
	if found := (*helper.UnsafeError)(nil); errors.As(err, &found) {
		p.Unsafe = &unsafePath{found.Path, found.Problem, found.Fix}
	}
	if found := (*fs.PathError)(nil); errors.As(err, &found) {
		p.File = &failedFile{found.Op, found.Path, found.Err.Error()}
	}
	b, marshalErr := json.Marshal(p)
	if marshalErr != nil {
		return fmt.Errorf("encode the reply: %w", marshalErr)
	}
	_, writeErr := w.Write(append(b, '\n'))
	return writeErr
}

// errNoReply: the worker exited before it replied.
var errNoReply = errors.New("the refresh ended without a reply")

// readReply reads a reply of Serve. The error matches, with errors.Is, the same errors as that of the worker's Refresh.
func readReply(r io.Reader, more map[string]error) (helper.Record, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxReply))
	var p reply
	if err != nil || json.Unmarshal(b, &p) != nil {
		return helper.Record{}, errNoReply
	}
	var rec helper.Record
	if p.Item != nil {
		c, err := helper.Decode(p.Item)
		if err != nil {
			return helper.Record{}, errNoReply
		}
		rec = helper.Record{
			Account:    helper.Account{Name: p.Account, ID: p.ID, Store: p.Store, Generation: p.Generation},
			Credential: c, Version: p.Version,
		}
	}
	if p.Error == "" {
		if rec.Credential.Generation == 0 {
			return helper.Record{}, errNoReply // JSON, but not a reply
		}
		return rec, nil
	}
	remote := &remoteError{text: p.Error, kinds: kindsNamed(p.Kinds, more)}
	switch {
	case p.Unsafe != nil:
		remote.cause = &helper.UnsafeError{Path: p.Unsafe.Path, Problem: p.Unsafe.Problem, Fix: p.Unsafe.Fix}
	case p.File != nil:
		remote.cause = &fs.PathError{Op: p.File.Op, Path: p.File.Path, Err: errors.New(p.File.Text)}
	}
	return rec, remote
}

// A remoteError is a worker's error. It matches the same kinds.
type remoteError struct {
	text  string
	kinds []error
	cause error // a helper.UnsafeError, a fs.PathError or nil
}

// Unwrap returns the error with fields that callers read, or nil.
func (e *remoteError) Unwrap() error { return e.cause }

// Error implements error.
func (e *remoteError) Error() string { return e.text }

// Is reports whether the error matches kind in [errors.Is].
func (e *remoteError) Is(kind error) bool { return slices.Contains(e.kinds, kind) }

// kinds returns the errors that callers distinguish, by their names in a reply: those of helper and more.
func kinds(more map[string]error) map[string]error {
	all := map[string]error{
		"not-found": helper.ErrNotFound, "erasing": helper.ErrErasing, "sign-in-required": helper.ErrSignInRequired,
		"locked": helper.ErrLocked, "unavailable": helper.ErrUnavailable, "too-large": helper.ErrTooLarge,
		"corrupt": helper.ErrCorrupt, "newer": helper.ErrNewer, "timeout": helper.ErrTimeout, "full": helper.ErrFull,
		"unsafe": helper.ErrUnsafe, "conflict": helper.ErrConflict, "unknown": helper.ErrUnknown, "busy": helper.ErrBusy,
		"temporary": helper.ErrTemporary, "rejected": helper.ErrRejected, "not-stored": helper.ErrNotStored,
		"unread":        helper.ErrUnread,
		"unknown-store": helper.ErrUnknownStore,
		"unanswered":    helper.ErrUnanswered, "elsewhere": helper.ErrElsewhere, "shared": helper.ErrShared,
		"invalid": helper.ErrInvalid,
		"at-work": errRefreshRunning,
	}
	maps.Copy(all, more)
	return all
}

func kindsOf(err error, more map[string]error) []string {
	var names []string
	for name, kind := range kinds(more) {
		if errors.Is(err, kind) {
			names = append(names, name)
		}
	}
	return names
}

// kindsNamed returns the errors of the names. Unknown names, from a newer codex-cred, are skipped.
func kindsNamed(names []string, more map[string]error) []error {
	var found []error
	all := kinds(more)
	for _, name := range names {
		if kind := all[name]; kind != nil {
			found = append(found, kind)
		}
	}
	return found
}
