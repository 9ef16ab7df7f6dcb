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

// Serve answers the demand as [Rotation.Refresh] does, on w, which it closes, for
// a [Gate] in another process. A credential that neither the store nor the journal
// took it goes on trying to store until ctx ends.
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

// A reply is a record and an error, on a pipe between a worker and the process
// that started it.
type reply struct {
	// Account has no members but those that callers use.
	Account string    `json:"account,omitempty"`
	ID      helper.ID `json:"id,omitempty"`
	Store   string    `json:"store,omitempty"`
	// Generation is that of the account's file.
	Generation uint64         `json:"generation,omitempty"`
	Item       []byte         `json:"item,omitempty"` // the credential, as it is stored
	Version    helper.Version `json:"version,omitempty"`
	Error      string         `json:"error,omitempty"`
	Kinds      []string       `json:"kinds,omitempty"`
	Unsafe     *unsafePath    `json:"unsafe,omitempty"`
	File       *failedFile    `json:"file,omitempty"`
}

// A failedFile is a [fs.PathError] on the pipe.
type failedFile struct{ Op, Path, Text string }

// An unsafePath is a [helper.UnsafeError] on the pipe.
type unsafePath struct{ Path, Problem, Fix string }

// maxReply bounds a reply in bytes. An answer of the token endpoint has at most
// 1 MiB, which JSON and base64 lengthen.
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
		err = about.Err // the reader names the account
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

// errNoReply: the worker ended before it could answer.
var errNoReply = errors.New("the refresh ended without a reply")

// readReply reads what Serve wrote. The error is what Serve's Refresh returned,
// of the same kinds.
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
			return helper.Record{}, errNoReply // JSON, but of nothing that is worth a reply
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

// A remoteError is an error of another process, of the same kinds.
type remoteError struct {
	text  string
	kinds []error
	cause error // a helper.UnsafeError, a fs.PathError, or nil
}

// Unwrap returns the part that callers look into.
func (e *remoteError) Unwrap() error { return e.cause }

// Error implements error.
func (e *remoteError) Error() string { return e.text }

// Is reports whether the error is of the kind in [errors.Is].
func (e *remoteError) Is(kind error) bool { return slices.Contains(e.kinds, kind) }

// kinds are the errors that callers tell apart, by the names that a reply has
// for them, and more of them.
func kinds(more map[string]error) map[string]error {
	all := map[string]error{
		"not-found": helper.ErrNotFound, "erasing": helper.ErrErasing, "sign-in-required": helper.ErrSignInRequired,
		"locked": helper.ErrLocked, "unavailable": helper.ErrUnavailable, "too-large": helper.ErrTooLarge,
		"corrupt": helper.ErrCorrupt, "newer": helper.ErrNewer, "timeout": helper.ErrTimeout, "full": helper.ErrFull,
		"unsafe": helper.ErrUnsafe, "conflict": helper.ErrConflict, "unknown": helper.ErrUnknown, "busy": helper.ErrBusy,
		"temporary": helper.ErrTemporary, "rejected": helper.ErrRejected, "not-stored": helper.ErrNotStored, "unread": helper.ErrUnread,
		"unknown-store": helper.ErrUnknownStore,
		"unanswered":    helper.ErrUnanswered, "elsewhere": helper.ErrElsewhere, "shared": helper.ErrShared, "invalid": helper.ErrInvalid,
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

// kindsNamed skips the names of a newer codex-cred.
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
