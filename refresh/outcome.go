package refresh

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/codex-cred/codex-cred/helper"
)

// An outcome is what an answer of the token endpoint means for the grant (the code or refresh token that was sent).
type outcome int

const (
	notSent outcome = iota // the grant is still valid
	success
	unknown    // the grant may be spent
	retryLater // the grant is still valid
	refused    // the grant is invalid for good
	// unreadable: the answer may contain tokens but cannot be used yet. The grant is probably spent, and the answer may
	// hold the only valid token.
	unreadable
)

// judge returns the outcome of an answer; every answer has exactly one. Parsed is nil if the answer contains usable
// tokens: see [answer.grant] and [answer.strictGrant].
func judge(a answer, parsed error) outcome {
	f := parseFault(a.body)
	switch {
	case !a.sent:
		return notSent
	case parsed == nil:
		return success
	case a.err != nil:
		return a.judgeUnclear()
	case f.isFinal():
		return refused
	case a.status == http.StatusTooManyRequests:
		return retryLater
	case a.status == http.StatusServiceUnavailable && a.retryAfter != "":
		return retryLater
	case a.status == http.StatusUnauthorized && len(f.codes) > 0:
		return refused
	}
	return a.judgeUnclear()
}

// A fault is the error in the body of an answer.
type fault struct {
	codes       []string // most specific first
	description string
}

// parseFault reads an error of RFC 6749 section 5.2, or of OpenAI's server, where error is an object or code is a
// top-level member.
func parseFault(body []byte) fault {
	var top struct {
		Error       json.RawMessage `json:"error"`
		Description any             `json:"error_description"`
		Code        any             `json:"code"`
	}
	var inner struct {
		Code    any `json:"code"`
		Type    any `json:"type"`
		Message any `json:"message"`
	}
	if json.Unmarshal(body, &top) != nil {
		return fault{}
	}
	var word any
	if json.Unmarshal(top.Error, &inner) != nil {
		_ = json.Unmarshal(top.Error, &word) // neither a string nor an object: no code
	}
	f := fault{description: or(asString(top.Description), asString(inner.Message))}
	for _, code := range []any{inner.Code, word, top.Code, inner.Type} {
		if asString(code) != "" {
			f.codes = append(f.codes, asString(code))
		}
	}
	return f
}

func asString(v any) string {
	s, _ := v.(string)
	return s
}

// isFinal reports whether the error means that the grant will never be accepted.
func (f fault) isFinal() bool {
	return slices.ContainsFunc(f.codes, func(code string) bool {
		switch strings.ToLower(code) {
		case "invalid_grant", "token_expired",
			"refresh_token_expired", "refresh_token_reused", "refresh_token_invalidated":
			return true
		}
		return false
	})
}

// An EndpointError is an error answer of an authorization server. Of the body it holds only the error's code and
// description, safe to print.
type EndpointError struct {
	Endpoint    string // its host and port
	Status      int    // HTTP status; 0 for an answer that came through the browser
	Code        string // may be empty
	Description string // may be empty
}

// NewEndpointError returns the error with its texts sanitized and shortened. Anything that could be a token is removed.
func NewEndpointError(endpoint string, status int, code, description string) *EndpointError {
	return &EndpointError{
		Endpoint: hostOf(endpoint), Status: status,
		Code:        sanitize(longWord().ReplaceAllStringFunc(helper.MaskEmails(sanitize(code, maxBody)), shortCode), maxCode),
		Description: sanitizeText(description),
	}
}

// shortCode keeps an error code that is as long as a token, and replaces any other word.
func shortCode(word string) string {
	if strings.Trim(word, "abcdefghijklmnopqrstuvwxyz_") == "" {
		return word
	}
	return "[...]"
}

// Error implements error.
func (e *EndpointError) Error() string {
	text := e.Endpoint + " answered"
	if e.Status != 0 {
		text += fmt.Sprintf(" %d", e.Status)
	}
	if e.Code != "" {
		text += " " + e.Code
	}
	if e.Description != "" {
		text += ": " + e.Description
	}
	return text
}

func endpointError(a answer) *EndpointError {
	f := parseFault(a.body)
	code := ""
	if len(f.codes) > 0 {
		code = f.codes[0]
	}
	e := NewEndpointError("", a.status, a.scrub(code), a.scrub(f.description))
	e.Endpoint = a.host
	return e
}

// scrub removes the request's secrets from a text of the server.
func (a answer) scrub(text string) string {
	for _, secret := range a.secrets {
		if !secret.IsZero() {
			text = strings.ReplaceAll(text, secret.Reveal(), "[...]")
		}
	}
	return text
}

// problem describes why an answer is not a success. The caller wraps it with the error kind from helper.
func (a answer) problem(parsed error) error {
	switch {
	case !a.sent && a.err != nil:
		return a.unreachableError()
	case a.err != nil:
		return fmt.Errorf("%s gave no whole answer: %s", a.host, readErrorText(a.err))
	case a.status == http.StatusOK, parsed != nil && a.isSuccess():
		return fmt.Errorf("%s: %w", a.host, parsed)
	}
	return endpointError(a)
}

// unreachableError describes a request that was not sent. It wraps the caller's context error for errors.Is.
func (a answer) unreachableError() error {
	for _, ended := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(a.err, ended) {
			return fmt.Errorf("reach %s: %w", a.host, ended)
		}
	}
	return fmt.Errorf("reach %s: %s; check the network", a.host, sanitize(a.err.Error(), maxText))
}

// readErrorText describes an error that happened after the request was sent. The error's own text is not used because
// it may quote the answer.
func readErrorText(err error) string {
	switch {
	case errors.Is(err, errTooLong), errors.Is(err, errTooLarge):
		return err.Error()
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return "it took too long"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was closed too early"
	}
	return "the connection broke, or the answer is not HTTP"
}
