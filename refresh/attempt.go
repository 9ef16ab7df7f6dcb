package refresh

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/journal"
)

// An attempt is one presentation of a refresh token, from its preparation to its outcome.
type attempt struct {
	rec    helper.Record // as read before the attempt
	reason helper.Reason
	// journal is nil if the answer was read from an earlier attempt's journal.
	journal *journal.Journal
	mark    journal.Mark
	// markErr is why the mark could not be set to sending, so that nothing was sent; otherwise nil.
	markErr error
	// kept: the answer is in the journal, or in the unreadable file.
	kept bool
	// unreadable: the answer is in the unreadable file.
	unreadable bool
}

// generation returns the generation of the credential that the attempt obtains.
func (att *attempt) generation() uint64 { return att.mark.Generation + 1 }

// isSuperseded reports whether the attempt's credential, or a newer one, is already stored.
func (att *attempt) isSuperseded() bool {
	return att.generation() <= att.rec.Credential.Generation || att.generation() < att.rec.Account.Generation
}

// preflight performs every step that can fail before the refresh token is spent.
func (r *Rotation) preflight(ctx context.Context, att *attempt) error {
	if err := r.at("preflight"); err != nil {
		return err
	}
	key, err := r.sealKey(ctx, att.rec.Account)
	if errors.Is(err, helper.ErrNotFound) {
		key, err = r.newSealKey(ctx, att.rec.Account)
	}
	if err != nil {
		return err
	}
	if att.journal, err = r.Journals.Open(att.rec.Account.ID, key); err != nil || att.reason != helper.ReasonClock {
		return err
	}
	generation := att.rec.Credential.Generation
	if _, err := r.updateAccount(att.rec.Account, func(a *helper.Account) { a.ClockTried = generation }); err != nil {
		return joinErrors(err, att.journal.Close())
	}
	return nil
}

// sealKey returns the key that encrypts the journal. It is kept in the same store as the credential.
func (r *Rotation) sealKey(ctx context.Context, a helper.Account) ([]byte, error) {
	store, err := r.Records.Stores.Store(a.Store)
	if err != nil {
		return nil, err
	}
	key, _, err := store.Get(ctx, a.ID.Journal())
	if err != nil {
		return nil, fmt.Errorf("the key of the journal: %w", err)
	}
	if len(key) != journal.KeySize {
		return nil, fmt.Errorf("the key of the journal is %w: it has %d bytes", helper.ErrCorrupt, len(key))
	}
	return key, nil
}

// newSealKey creates the key before the first rotation of a sign-in and reads it back: an answer encrypted with a key
// that was not stored would be lost.
func (r *Rotation) newSealKey(ctx context.Context, a helper.Account) ([]byte, error) {
	store, err := r.Records.Stores.Store(a.Store)
	if err != nil {
		return nil, err
	}
	// If the credential is missing too, the store is unavailable, and so may be an existing key.
	if _, _, err := store.Get(ctx, string(a.ID)); err != nil {
		return nil, fmt.Errorf("the credential beside the key of the journal: %w", err)
	}
	key := make([]byte, journal.KeySize)
	if _, err := io.ReadFull(r.Random, key); err != nil {
		return nil, fmt.Errorf("draw the key of the journal: %w", err)
	}
	if _, err := store.Put(ctx, a.ID.Journal(), key, ""); err != nil {
		return nil, fmt.Errorf("the key of the journal: %w", err)
	}
	back, err := r.sealKey(ctx, a)
	if err == nil && !bytes.Equal(key, back) {
		err = fmt.Errorf("the key of the journal is %w: it differs from what was stored", helper.ErrCorrupt)
	}
	return back, err
}

// mark records in the journal that the refresh token is about to be presented.
func (r *Rotation) mark(att *attempt) error {
	if err := r.at("mark"); err != nil {
		return err
	}
	attempt, err := helper.NewID(r.Random)
	if err != nil {
		return err
	}
	att.mark = journal.Mark{
		Attempt: string(attempt), ID: att.rec.Account.ID, Generation: att.rec.Credential.Generation,
		Token: att.rec.Credential.RefreshToken.Digest(), Time: r.Now(), Host: r.Host, State: journal.StateIntent,
	}
	return att.journal.Mark(att.mark)
}

// send presents the refresh token once. If the request could not be sent, it retries twice.
func (r *Rotation) send(ctx context.Context, att *attempt) answer {
	c := att.rec.Credential
	first := func() error {
		att.markErr = r.markSending(att)
		return att.markErr
	}
	a := r.Client.present(ctx, c, first)
	for _, pause := range []time.Duration{250 * time.Millisecond, time.Second} {
		if a.sent || att.markErr != nil || !r.pause(ctx, pause) {
			break
		}
		a = r.Client.present(ctx, c, first)
	}
	if err := r.at("send-after"); err != nil && a.sent {
		a.raw, a.body, a.err = nil, nil, err
	}
	return a
}

// markSending records in the journal, before the first byte is sent, that the refresh token may be spent from now on.
func (r *Rotation) markSending(att *attempt) error {
	if err := r.at("sending"); err != nil {
		return err
	}
	att.mark.State = journal.StateSending
	if err := att.journal.Mark(att.mark); err != nil {
		return err
	}
	if err := r.at("send-before"); err != nil {
		return err
	}
	return r.checkUndisturbed(att)
}

// checkUndisturbed returns an error if another worker is refreshing the same sign-in, or has done so since this one
// acquired the lock. The lock excludes only processes that find its file: if the file was deleted or unreachable for a
// while, a second worker can acquire a new one. ErrConflict means that the journal belongs to the other worker.
func (r *Rotation) checkUndisturbed(att *attempt) error {
	e, err := r.Journals.Read(att.rec.Account.ID, nil)
	switch {
	case errors.Is(err, helper.ErrNotFound) || err == nil && e.Attempt != att.mark.Attempt:
		return fmt.Errorf("the journal is not at its path: %w", helper.ErrConflict)
	case err != nil:
		return err
	}
	if err := r.checkSignIn(att.rec.Account); err != nil {
		return err
	}
	a, err := r.Records.Accounts.Load(att.rec.Account.Name)
	if err != nil {
		return err
	}
	if a.Generation != att.rec.Account.Generation || a.Unanswered != att.rec.Account.Unanswered {
		return fmt.Errorf("the account has changed since the lock was taken: %w: %w", errRefreshRunning, helper.ErrBusy)
	}
	return nil
}

// keepAnswer saves the whole answer in the journal before it is parsed. If that fails the answer is still in memory.
func (r *Rotation) keepAnswer(att *attempt, a answer) {
	if !a.sent || a.err != nil && len(a.raw) == 0 || r.at("answer-before") != nil {
		return
	}
	kept, err := json.Marshal(a.toKept())
	if err != nil || att.journal.Answer(kept) != nil {
		return
	}
	att.kept = r.at("answer-after") == nil
}

// A keptAnswer is an answer as saved in the journal.
type keptAnswer struct {
	Host       string    `json:"host"`
	Start      time.Time `json:"start"`
	Status     int       `json:"status"`
	RetryAfter string    `json:"retry_after,omitempty"`
	Body       []byte    `json:"body,omitempty"`
	// Raw is all received bytes, in place of Body.
	Raw []byte `json:"raw,omitempty"`
	// Cut: the connection failed before the answer was complete.
	Cut bool `json:"cut,omitempty"`
}

func (a answer) toKept() keptAnswer {
	k := keptAnswer{
		Host: a.host, Start: a.start, Status: a.status, RetryAfter: a.retryAfter, Raw: a.raw,
		Cut: a.err != nil,
	}
	if a.raw == nil {
		k.Body = a.body
	}
	return k
}

// answer converts the saved answer back. The secrets of its request are missing.
func (k keptAnswer) answer() answer {
	a := answer{
		host: k.Host, start: k.Start, sent: true, status: k.Status, retryAfter: k.RetryAfter, body: k.Body, raw: k.Raw,
	}
	if k.Raw != nil {
		a.parseRaw(nil)
	}
	if k.Cut {
		a.err = io.ErrUnexpectedEOF
	}
	return a
}

// settle acts on the answer's outcome, and empties the journal afterwards.
func (r *Rotation) settle(ctx context.Context, att *attempt, a answer) (helper.Record, error) {
	if err := r.at("parse"); err != nil {
		return helper.Record{}, err
	}
	g, parsed := a.grant(att.rec.Credential.Issuer.Profile)
	switch judge(a, parsed) {
	case success:
		if other := g.claims().difference(att.rec.Credential); other != "" {
			// The journal keeps the answer: it may be all that is left of a sign-in.
			return r.recordRefusal(ctx, att.rec, a.host+" answered the refresh with "+other)
		}
		c := g.renew(att.rec.Credential, a.start)
		c.Generation = att.generation()
		if g.refresh.IsZero() && c.RefreshToken.Digest() != att.mark.Token {
			c.RefreshToken = helper.Secret{} // the stored item is stale: its refresh token was spent for another answer
		}
		return r.storeCredential(ctx, att, c)
	case refused:
		rec, err := r.recordRefusal(ctx, att.rec, a.host+" refused the refresh token ("+endpointError(a).Code+")")
		return rec, r.finish(att, err)
	case retryLater:
		return helper.Record{}, r.finish(att, r.postpone(att.rec, a))
	case unreadable:
		if !g.refresh.IsZero() {
			return r.keepRefreshToken(ctx, att, g, a.problem(parsed))
		}
		return helper.Record{}, r.saveUnreadable(att, a.problem(parsed))
	case notSent:
		return helper.Record{}, joinErrors(r.postponeUnreachable(att.rec, a.problem(parsed)), r.emptyJournal(att))
	}
	_, err := r.recordUnanswered(att, a.problem(parsed))
	return helper.Record{}, r.finish(att, err)
}

// finish empties the journal if the outcome was recorded. Otherwise the journal keeps it for the next rotation.
func (r *Rotation) finish(att *attempt, err error) error {
	if errors.Is(err, errNotRecorded) {
		return err
	}
	return joinErrors(err, r.emptyJournal(att))
}

// emptyJournal deletes the journal of an attempt with nothing left to do.
func (r *Rotation) emptyJournal(att *attempt) error {
	if err := r.at("empty"); err != nil {
		return err
	}
	return r.removeJournal(att)
}

// removeJournal deletes the journal's file.
func (r *Rotation) removeJournal(att *attempt) error {
	if att.journal != nil {
		_ = att.journal.Close() // Windows cannot delete an open file; its content is no longer needed
	}
	err := r.Journals.Remove(att.rec.Account.ID)
	if errors.Is(err, helper.ErrNotFound) {
		return nil
	}
	return err
}
