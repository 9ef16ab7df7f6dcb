package helper

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Helper answers requests for an access token. All fields are set by its
// owner; its methods may be called concurrently.
type Helper struct {
	Records   Records
	Refresher Refresher
	Now       func() time.Time
}

// A Request says what kind of access token a caller needs.
type Request struct {
	Account string
	// MinTTL is the least remaining life; zero is [Credential.MinTTL].
	MinTTL time.Duration
	// Refresh asks for a refresh however fresh the token is.
	Refresh bool
	// Offline forbids the refresh.
	Offline bool
}

// An Answer is a credential whose access token has not expired.
type Answer struct {
	Record
	// Warning is nil, or why the access token is less than was asked for.
	Warning error
}

// Get returns a credential with a fresh access token, refreshing it if needed.
// While the stored access token is valid no failure of the refresh is an error:
// it becomes the Answer's Warning. An expired access token is never returned.
//
// Errors are those of [Store] and [Refresher], inside an [AccountError].
// ErrNotStored comes with an Answer: its access token is good, and the last one
// of this sign-in.
func (h *Helper) Get(ctx context.Context, req Request) (Answer, error) {
	rec, err := h.Records.Read(ctx, req.Account)
	if err != nil {
		return Answer{}, ForAccount(req.Account, err)
	}
	if !req.Refresh && rec.Credential.Fresh(h.Now(), req.MinTTL) {
		return Answer{Record: rec}, nil
	}
	if !req.Refresh && req.MinTTL > 0 && rec.Credential.Young(h.Now()) {
		return Answer{Record: rec, Warning: shortLife(rec.Credential, h.Now())}, nil
	}
	answer, err := h.renew(ctx, req, rec)
	return answer, ForAccount(req.Account, err)
}

func (h *Helper) renew(ctx context.Context, req Request, old Record) (Answer, error) {
	renewed, err := h.refresh(ctx, req, old)
	newest := old
	if err == nil || renewed.Credential.Generation > old.Credential.Generation {
		newest = renewed
	}
	valid := newest.Credential.Valid(h.Now())
	if valid && errors.Is(err, ErrNotStored) {
		return Answer{Record: newest}, err
	}
	if valid {
		if err == nil && !newest.Credential.Fresh(h.Now(), req.MinTTL) {
			err = shortLife(newest.Credential, h.Now())
		}
		return Answer{Record: newest, Warning: err}, nil
	}
	if err == nil {
		err = fmt.Errorf("the new access token has already expired, check this computer's clock: %w", ErrTemporary)
	}
	return Answer{}, err
}

func (h *Helper) refresh(ctx context.Context, req Request, old Record) (Record, error) {
	if err := old.Refreshable(); err != nil {
		return Record{}, err
	}
	if req.Offline {
		return Record{}, fmt.Errorf("refresh is not allowed offline: %w", ErrTemporary)
	}
	return h.Refresher.Refresh(ctx, req.Account, old.Credential.Generation, req.Refresh)
}

// Refreshable returns [ErrSignInRequired] with the reason if the refresh token
// of the record must not be presented.
func (r Record) Refreshable() error {
	if r.Stale() {
		return fmt.Errorf("the stored credential is older than one that was stored before (a restored backup?): %w", ErrSignInRequired)
	}
	return r.Credential.Refreshable()
}

// Refreshable returns [ErrSignInRequired] with the reason if the refresh token
// must not be presented.
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
