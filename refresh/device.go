package refresh

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/codex-cred/codex-cred/helper"
)

const (
	// deviceLife is the lifetime of a device sign-in if the server does not give one. OpenAI's server never does; Codex
	// uses the same 15 minutes.
	deviceLife = 15 * time.Minute
	// defaultInterval is the polling interval if the server does not give one (RFC 8628 section 3.2).
	defaultInterval = 5 * time.Second
	maxUserCode     = 32
	// maxPage is the longest URL that a terminal and a QR code can show.
	maxPage = 1 << 10

	grantDeviceCode = "urn:ietf:params:oauth:grant-type:device_code"
	userCodePath    = "/usercode"
	pollPath        = "/token"
)

// ErrNoDevice is returned by [Client.StartDevice], with [helper.ErrSignInRequired], if the authorization server does
// not support device sign-in or does not allow it for this client. The person must sign in another way.
var ErrNoDevice = errors.New("device sign-in is not enabled for this issuer or this account")

// A DeviceCode is a pending device sign-in. Its strings are safe to print and its URLs are safe to open: they use
// https, or http on a literal loopback address.
type DeviceCode struct {
	Code            helper.Secret // the device_code, for polling
	UserCode        string        // printable ASCII, at most 32 characters
	VerificationURL string        // where the person enters UserCode
	// VerificationURLComplete contains the user code; empty if the server gave none. Show the user code with it (RFC
	// 8628 section 3.3.1).
	VerificationURLComplete string
	// Interval is the minimum time before the first poll and between polls.
	Interval time.Duration
	// Expiry is when the sign-in expires, on this machine's clock.
	Expiry time.Time
}

// StartDevice starts a sign-in that a person approves on another device (RFC 8628 section 3.1, or OpenAI's own flow).
//
// The error is [ErrNoDevice] with [helper.ErrSignInRequired] if the server does not offer device sign-in,
// ErrSignInRequired if it refused for another reason, [helper.ErrRejected] if its answer is malformed,
// [helper.ErrInvalid] if the endpoint's URL is, and otherwise [helper.ErrTemporary].
func (c *Client) StartDevice(ctx context.Context, iss helper.Issuer) (DeviceCode, error) {
	if iss.DeviceEndpoint == "" {
		return DeviceCode{}, noDeviceError(iss.URL)
	}
	if err := checkEndpoint(iss, iss.DeviceEndpoint); err != nil {
		return DeviceCode{}, fmt.Errorf("device authorization endpoint: %w", err)
	}
	members := []pair{{"client_id", iss.ClientID}, {"scope", iss.Scope}}
	request := call{request: RequestDevice, endpoint: iss.DeviceEndpoint, contentType: formType, body: form(members...)}
	if iss.Profile == ProfileOpenAI {
		request.contentType, request.body = jsonType, object(members[0])
	}
	a := c.send(ctx, request)
	switch {
	case a.err == nil && a.status == http.StatusOK:
		return readDevice(iss, a)
	case a.err == nil && a.status == http.StatusNotFound:
		return DeviceCode{}, noDeviceError(iss.DeviceEndpoint)
	}
	return DeviceCode{}, fmt.Errorf("ask for a code: %w; start the sign-in again: %w", a.problem(nil), a.errorKind())
}

func noDeviceError(endpoint string) error {
	return fmt.Errorf("%s: %w; sign in with a browser instead (login, or login --no-browser): %w", hostOf(endpoint),
		ErrNoDevice, helper.ErrSignInRequired)
}

// errorKind returns the kind of error that an unsuccessful answer without tokens means.
func (a answer) errorKind() error {
	switch {
	case a.err != nil || isTemporary(a.status):
		return helper.ErrTemporary
	case len(parseFault(a.body).codes) > 0:
		return helper.ErrSignInRequired
	}
	return helper.ErrRejected
}

// isTemporary reports whether the status may change on a later try.
func isTemporary(status int) bool {
	return status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout
}

// readDevice reads the answer of RFC 8628 section 3.2, or OpenAI's, which contains neither the URL nor the expiry.
func readDevice(iss helper.Issuer, a answer) (DeviceCode, error) {
	var members map[string]json.RawMessage
	if json.Unmarshal(a.body, &members) != nil {
		return DeviceCode{}, fmt.Errorf("the answer of %s is %w: it is not a JSON object", a.host, helper.ErrRejected)
	}
	text := func(name string) string { return textOf(members, name) }
	d := DeviceCode{
		Code: helper.NewSecret(text("device_code")), UserCode: text("user_code"),
		VerificationURL: text("verification_uri"), VerificationURLComplete: text("verification_uri_complete"),
		Interval: seconds(members["interval"]),
		Expiry:   a.start.Add(deviceLife),
	}
	if iss.Profile == ProfileOpenAI {
		d.Code = helper.NewSecret(text("device_auth_id"))
		d.UserCode = or(d.UserCode, text("usercode"))
		d.VerificationURL, d.VerificationURLComplete = iss.URL+"/codex/device", ""
	} else if life := seconds(members["expires_in"]); life > 0 {
		d.Expiry = a.start.Add(life)
	}
	if d.Interval == 0 {
		d.Interval = defaultInterval
	}
	if problem := d.problem(); problem != "" {
		return DeviceCode{}, fmt.Errorf("the answer of %s is %w: %s", a.host, helper.ErrRejected, problem)
	}
	return d, nil
}

// problem describes what makes the code unusable or unsafe to show, or returns "". It quotes no part of the answer.
func (d DeviceCode) problem() string {
	unprintable := func(r rune) bool { return r < ' ' || r > '~' }
	switch {
	case !tokenText(d.Code.Reveal()):
		return "it has no usable device code"
	case strings.TrimSpace(d.UserCode) == "":
		return "it has no user code"
	case len(d.UserCode) > maxUserCode || strings.ContainsFunc(d.UserCode, unprintable):
		return "its user code is none that a person could type"
	}
	if problem := pageProblem(d.VerificationURL); problem != "" {
		return "its verification_uri: " + problem
	}
	if strings.ContainsAny(d.VerificationURL, "?#") {
		return "its verification_uri: it has a query or a fragment"
	}
	if d.VerificationURLComplete == "" {
		return ""
	}
	if problem := pageProblem(d.VerificationURLComplete); problem != "" {
		return "its verification_uri_complete: " + problem
	}
	return ""
}

// pageProblem is urlProblem for a URL that a person opens: it is shown in a terminal and in a QR code.
func pageProblem(raw string) string {
	if len(raw) > maxPage {
		return "it is longer than 1 KiB"
	}
	return urlProblem(raw)
}
