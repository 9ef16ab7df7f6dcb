package helper

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// A Helper answers requests for an access token. The owner sets its fields before the first call; its methods may be
// called concurrently.
type Helper struct {
	Records   Records
	Refresher Refresher
	Now       func() time.Time
	// Outlives reports whether a background refresh survives the end of the process's parent. Nil means that it does.
	// It is called only in the last tenth of a token's lifetime.
	Outlives func() bool
}

// A Request describes the access token that a caller needs.
type Request struct {
	Account string
	// MinTTL is the minimum remaining lifetime; zero means [Credential.MinTTL].
	MinTTL time.Duration
	// Refresh requests a refresh even if the token is fresh. If the last refresh is unanswered the error is
	// ErrUnanswered until the next one is due.
	Refresh bool
	// Force, with Refresh, presents a refresh token even if it may be spent.
	Force bool
	// Idle requests a refresh even if the token is fresh, but, unlike Refresh, only if it is due.
	Idle bool
	// Rejected is empty, or the SHA-256 in hexadecimal of an access token that a server refused.
	Rejected string
	// Offline forbids a refresh.
	Offline bool
}

// rejects reports whether the credential's access token is the one that the caller reports as refused.
func (r Request) rejects(c Credential) bool {
	if r.Rejected == "" {
		return false
	}
	sum := sha256.Sum256([]byte(c.AccessToken.Reveal()))
	return subtle.ConstantTimeCompare([]byte(hex.EncodeToString(sum[:])), []byte(r.Rejected)) == 1
}

// An Answer is a credential with an unexpired access token.
type Answer struct {
	Record
	// Warning is nil, or why the access token is not as requested.
	Warning error
}

// Get returns a credential with a fresh access token, refreshing it if needed. While the stored access token is valid,
// a failed refresh is not an error but the Answer's Warning. Get never returns an expired access token, or the one that
// the request reports as refused: then the error is ErrTemporary.
//
// A fresh token in the last tenth of its lifetime is returned at once, and a refresh starts in the background. Where a
// background refresh could be killed after it has spent the refresh token, none starts; in the last twentieth Get then
// refreshes before it returns, and ignores an error of that refresh.
//
// Errors are those of [Store] and [Refresher], wrapped in an [AccountError]. ErrNotStored is returned with a valid
// Answer: its access token is the last one of this sign-in, unless a later try stores the credential. ErrUnanswered,
// possible only with Refresh, is returned with the stored credential if that is valid.
func (h *Helper) Get(ctx context.Context, req Request) (Answer, error) {
	rec, err := h.Records.Read(ctx, req.Account)
	if err != nil {
		return Answer{}, ForAccount(req.Account, err)
	}
	now := h.Now()
	c := rec.Credential
	if reason, asked := req.reason(); asked {
		return h.renew(ctx, req, rec, reason)
	}
	switch rejected := req.rejects(c); {
	case rejected && c.Valid(now) && now.Before(rec.rejectionDue(now)):
		return Answer{}, ForAccount(req.Account, rec.rejectedTooSoon(now))
	case rejected && c.Valid(now):
		return h.renew(ctx, req, rec, ReasonRejected)
	case c.Early(now) && rec.Account.ClockTried == c.Generation:
		return Answer{Record: rec, Warning: errClock}, nil
	case c.Early(now):
		return h.renew(ctx, req, rec, ReasonClock)
	case rec.fresh(now, req.MinTTL):
		return h.agingAnswer(ctx, req, rec, now)
	case req.MinTTL > 0 && c.Young(now):
		return Answer{Record: rec, Warning: shortLife(c, now)}, nil
	}
	return h.renew(ctx, req, rec, ReasonExpiry)
}

// reason returns the reason of a refresh that the request wants even if the token is fresh.
func (r Request) reason() (Reason, bool) {
	switch {
	case r.Refresh && r.Force:
		return ReasonForce, true
	case r.Refresh:
		return ReasonHand, true
	case r.Idle:
		return ReasonIdle, true
	}
	return "", false
}

// Rejected reports that a server refused the token with the given digest, and refreshes as Get does. It does nothing if
// that is not the account's token.
func (h *Helper) Rejected(ctx context.Context, req Request) error {
	rec, err := h.Records.Read(ctx, req.Account)
	if err == nil && req.rejects(rec.Credential) {
		_, err = h.Get(ctx, req)
	}
	return ForAccount(req.Account, err)
}

// fresh reports whether the access token can be returned without a warning. For a stale credential the journal may hold
// a newer one.
func (r Record) fresh(now time.Time, minTTL time.Duration) bool {
	return r.Credential.Fresh(now, minTTL) && !r.Stale()
}

var errClock = errors.New("this computer's clock is behind the time at which the access token was obtained, so it " +
	"may have expired; set the clock")

// agingAnswer returns the fresh record and, in the last tenth of its lifetime, starts the next refresh.
func (h *Helper) agingAnswer(ctx context.Context, req Request, rec Record, now time.Time) (Answer, error) {
	c := rec.Credential
	if !c.Aging(now) || req.Offline || rec.Refreshable() != nil || now.Before(rec.Account.NotBefore) {
		return Answer{Record: rec}, nil //nolint:nilerr // a fresh token is returned whether or not it can be refreshed
	}
	d := Demand{Account: req.Account, Generation: c.Generation, Reason: ReasonAging}
	if h.Outlives == nil || h.Outlives() {
		h.Refresher.Begin(d)
		return Answer{Record: rec}, nil
	}
	if !c.Old(now) {
		return Answer{Record: rec}, nil
	}
	newest, err := h.Refresher.Refresh(ctx, d)
	if newest.Credential.Generation <= c.Generation || !newest.Credential.Fresh(h.Now(), req.MinTTL) {
		return Answer{Record: rec}, nil
	}
	if errors.Is(err, ErrNotStored) {
		return Answer{Record: newest}, ForAccount(req.Account, err)
	}
	return Answer{Record: newest}, nil
}

func (h *Helper) renew(ctx context.Context, req Request, old Record, why Reason) (Answer, error) {
	answer, err := h.answerAfterRefresh(ctx, req, old, why)
	return answer, ForAccount(req.Account, err)
}

func (h *Helper) answerAfterRefresh(ctx context.Context, req Request, old Record, why Reason) (Answer, error) {
	newest, err := h.refresh(ctx, req, old, why)
	if err != nil && newest.Credential.Generation <= old.Credential.Generation {
		newest = old
	}
	usable := newest.Credential.Valid(h.Now()) && !req.rejects(newest.Credential)
	switch {
	case usable && (errors.Is(err, ErrNotStored) || errors.Is(err, ErrUnanswered)):
		return Answer{Record: newest}, err
	case usable && err == nil && !newest.Credential.Fresh(h.Now(), req.MinTTL):
		err = shortLife(newest.Credential, h.Now())
	case err == nil && req.rejects(newest.Credential):
		err = fmt.Errorf("the new access token is the one that was refused: %w", ErrTemporary)
	case !usable && err == nil:
		err = fmt.Errorf("the new access token has already expired, check this computer's clock: %w", ErrTemporary)
	}
	if !usable {
		return Answer{}, err
	}
	return Answer{Record: newest, Warning: err}, nil
}

func (h *Helper) refresh(ctx context.Context, req Request, old Record, why Reason) (Record, error) {
	// The refresher may find the successor of a stale credential.
	if err := old.Refreshable(); err != nil && (req.Offline || !old.Stale()) {
		return Record{}, err
	}
	if req.Offline {
		return Record{}, fmt.Errorf("refresh is not allowed offline: %w", ErrTemporary)
	}
	return h.Refresher.Refresh(ctx, Demand{Account: req.Account, Generation: old.Credential.Generation, Reason: why})
}

// Refreshable returns [ErrSignInRequired] with the reason if the record's refresh token must not be presented, or a
// [SharedError] if another program has it.
func (r Record) Refreshable() error {
	if r.Stale() {
		return fmt.Errorf("the stored credential is older than one that was stored before (a restored backup?): %w",
			ErrSignInRequired)
	}
	if r.Account.Shared != "" {
		return &SharedError{Source: r.Account.Shared}
	}
	return r.Credential.Refreshable()
}

// Refreshable returns [ErrSignInRequired] with the reason if the refresh token must not be presented.
func (c Credential) Refreshable() error {
	switch {
	case c.Refused != "":
		return fmt.Errorf("%s: %w", c.Refused, ErrSignInRequired)
	case c.RefreshToken.IsZero():
		return fmt.Errorf("the authorization server gave no refresh token: %w", ErrSignInRequired)
	}
	return nil
}

var errShortLife = errors.New("the access token is the newest, and shorter lived than asked for")

func shortLife(c Credential, now time.Time) error {
	return fmt.Errorf("%w: %s left", errShortLife, c.Expiry.Sub(now).Round(time.Second))
}
