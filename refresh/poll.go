package refresh

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/codex-cred/codex-cred/helper"
)

const (
	// slowDown is added to the interval of this and all later polls by the answer slow_down (RFC 8628 section 3.5).
	slowDown = 5 * time.Second
	// maxInterval is the longest interval after failed polls: a person who approves in the meantime should not wait
	// longer.
	maxInterval = time.Minute
)

// A PendingError means that the person may still approve the device sign-in: poll again.
type PendingError struct {
	// Interval is the minimum time between polls from now on.
	Interval time.Duration
	// Wait is the time before the next poll: Interval, or longer after a Retry-After header.
	Wait time.Duration
	// Err is why the poll failed, an [helper.ErrTemporary]; nil if the server answered that the person has not approved
	// yet.
	Err error
}

// Error implements error.
func (e *PendingError) Error() string {
	if e.Err != nil {
		return e.Err.Error()
	}
	return "nobody has approved the sign-in yet"
}

// Unwrap returns Err.
func (e *PendingError) Unwrap() error { return e.Err }

// PollDevice asks once whether the person has approved, and if so returns the credential, of generation 1. A poll that
// was sent is not cancelled by ctx: its answer may contain tokens, which are then returned. With OpenAI's server a code
// is exchanged after that, unless ctx is done. The issuer's redirect URI is not changed.
//
// The error is a [PendingError] if the person may still approve. Connection errors and the statuses 408, 429 and 5xx
// double its interval, up to a minute, as RFC 8628 section 3.5 recommends; slow_down adds 5 seconds. Any other error
// means that the sign-in failed: [helper.ErrSignInRequired] if it was refused, [helper.ErrTemporary] if it expired,
// [helper.ErrRejected] if the answer is malformed or for another client, ctx's error if ctx is done, and otherwise the
// errors of [Client.Redeem].
func (c *Client) PollDevice(ctx context.Context, iss helper.Issuer, d DeviceCode) (helper.Credential, error) {
	request, err := pollCall(iss, d)
	if err != nil {
		return helper.Credential{}, err
	}
	a := c.send(ctx, request)
	switch judgePoll(iss.Profile, a) {
	case pollDone:
		return c.credentialFromApproval(ctx, iss, a)
	case pollPending:
		return helper.Credential{}, a.pendingError(d.Interval, nil)
	case pollSlowDown:
		return helper.Credential{}, a.pendingError(d.Interval+slowDown, nil)
	case pollFailed:
		if ctx.Err() != nil {
			return helper.Credential{}, fmt.Errorf("wait for the sign-in: %w", ctx.Err())
		}
		trouble := fmt.Errorf("wait for the sign-in: %w: %w", a.problem(nil), helper.ErrTemporary)
		return helper.Credential{}, a.pendingError(max(d.Interval, min(2*d.Interval, maxInterval)), trouble)
	case pollExpired:
		return helper.Credential{}, fmt.Errorf("nobody approved the sign-in in time: %w; start the sign-in again: %w",
			endpointError(a), helper.ErrTemporary)
	case pollRefused:
		return helper.Credential{},
			fmt.Errorf("sign in: %w; start the sign-in again: %w", endpointError(a), helper.ErrSignInRequired)
	}
	return helper.Credential{},
		fmt.Errorf("wait for the sign-in: %w; start the sign-in again: %w", a.problem(nil), helper.ErrRejected)
}

// pollCall returns the request of RFC 8628 section 3.4, or OpenAI's.
func pollCall(iss helper.Issuer, d DeviceCode) (call, error) {
	request := call{
		request: RequestPoll, endpoint: RequestPoll.Endpoint(iss), contentType: formType, detached: true,
		polls: true, secrets: []helper.Secret{d.Code},
	}
	if iss.Profile == ProfileOpenAI {
		request.contentType = jsonType
		request.body = object(pair{"device_auth_id", d.Code.Reveal()}, pair{"user_code", d.UserCode})
	} else {
		request.body = form(pair{"grant_type", grantDeviceCode}, pair{"device_code", d.Code.Reveal()},
			pair{"client_id", iss.ClientID})
	}
	if err := checkEndpoint(iss, request.endpoint); err != nil {
		return call{}, fmt.Errorf("endpoint of the device sign-in: %w", err)
	}
	return request, nil
}

// A pollOutcome is what an answer to a poll means.
type pollOutcome int

const (
	pollBroken   pollOutcome = iota // the answer is malformed
	pollDone                        // it should contain tokens, or a code for them
	pollPending                     // the person has not decided yet
	pollSlowDown                    // the same, and polls are too frequent
	pollFailed                      // no answer, or a temporary error
	pollExpired                     // the code expired
	pollRefused                     // the person or the server refused
)

// judgePoll returns the outcome of a poll (RFC 8628 section 3.5). The statuses 403 and 404 of OpenAI's server mean
// pending, whatever the body, as they do for Codex.
func judgePoll(profile string, a answer) pollOutcome {
	codes := parseFault(a.body).codes
	switch {
	case errors.Is(a.err, errTooLong):
		return pollBroken
	case a.err != nil:
		return pollFailed
	case a.status == http.StatusOK:
		return pollDone
	case slices.Contains(codes, "slow_down"):
		return pollSlowDown
	case slices.Contains(codes, "authorization_pending"):
		return pollPending
	case profile == ProfileOpenAI && (a.status == http.StatusForbidden || a.status == http.StatusNotFound):
		return pollPending
	case isTemporary(a.status):
		return pollFailed
	case slices.Contains(codes, "expired_token"):
		return pollExpired
	case len(codes) > 0:
		return pollRefused
	case a.retryAfter != "":
		return pollFailed
	}
	return pollBroken
}

func (a answer) pendingError(interval time.Duration, trouble error) *PendingError {
	wait := interval
	if a.retryAfter != "" {
		wait = max(wait, retryAfter(a.retryAfter, a.start))
	}
	return &PendingError{Interval: interval, Wait: wait, Err: trouble}
}

// credentialFromApproval returns the credential of a successful poll. OpenAI's answer contains a code and its verifier,
// which are exchanged for tokens.
func (c *Client) credentialFromApproval(ctx context.Context, iss helper.Issuer, a answer) (helper.Credential, error) {
	if iss.Profile != ProfileOpenAI {
		g, err := parseGrant(iss.Profile, a.body)
		if err != nil {
			return helper.Credential{}, fmt.Errorf("%s: %w; start the sign-in again: %w", a.host, err, helper.ErrRejected)
		}
		return g.firstCredential(iss, a)
	}
	var members map[string]json.RawMessage
	_ = json.Unmarshal(a.body, &members) // the members stay empty if it is not an object
	code, verifier := textOf(members, "authorization_code"), textOf(members, "code_verifier")
	if !tokenText(code) || !tokenText(verifier) {
		return helper.Credential{}, fmt.Errorf("the answer of %s is %w: it has no usable code and verifier; start the "+
			"sign-in again", a.host, helper.ErrRejected)
	}
	return c.redeem(ctx, iss, helper.NewSecret(code), helper.NewSecret(verifier), iss.URL+"/deviceauth/callback")
}
