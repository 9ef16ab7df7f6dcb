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

// An outcome is what a call of the token endpoint means for the grant.
type outcome int

const (
	notSent outcome = iota // the grant is as good as before
	success
	unknown    // the grant may be spent
	retryLater // the grant is as good as before, the server asks for time
	refused    // the grant is of no use any more
	// unreadable: something came that may hold tokens, but it cannot be used
	// yet. The grant is probably spent, and the answer is all that is left of it.
	unreadable
)

// judge is the total table of outcomes. Parsed is nil if the answer is one with
// usable tokens: see [answer.grant] and [answer.strictGrant].
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
	codes       []string // most telling first
	description string
}

// parseFault reads the error of RFC 6749 section 5.2 and OpenAI's, whose error
// is an object, or whose code stands at the top.
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
		_ = json.Unmarshal(top.Error, &word) // neither text nor object: no code
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

// isFinal reports whether the error says that the grant will never be accepted.
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

// An EndpointError is the refusal of an authorization server. It holds no part
// of the body but the error's code and description, made fit for a terminal.
type EndpointError struct {
	Endpoint    string // its host and port
	Status      int    // of HTTP; 0 for an answer that came by the browser
	Code        string // may be empty
	Description string // may be empty
}

// NewEndpointError returns the error with its texts cleaned and shortened.
func NewEndpointError(endpoint string, status int, code, description string) *EndpointError {
	return &EndpointError{
		Endpoint: hostOf(endpoint), Status: status,
		Code: sanitize(longWord().ReplaceAllStringFunc(helper.MaskEmails(sanitize(code, maxBody)), shortCode), maxCode), Description: sanitizeText(description),
	}
}

// shortCode lets the codes pass that look like a long word and are none.
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

// scrub leaves out what the request held and the server repeats.
func (a answer) scrub(text string) string {
	for _, secret := range a.secrets {
		if !secret.IsZero() {
			text = strings.ReplaceAll(text, secret.Reveal(), "[...]")
		}
	}
	return text
}

// problem says why an answer is no success. The caller adds what follows from
// it, in helper's vocabulary.
func (a answer) problem(parsed error) error {
	switch {
	case !a.sent && a.err != nil:
		return a.unreachableError()
	case a.err != nil:
		return fmt.Errorf("%s gave no whole answer: %s", a.host, readErrorText(a.err))
	case a.status == http.StatusOK, parsed != nil && a.succeeded():
		return fmt.Errorf("%s: %w", a.host, parsed)
	}
	return endpointError(a)
}

// unreachableError keeps the caller's own context error for errors.Is.
func (a answer) unreachableError() error {
	for _, ended := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(a.err, ended) {
			return fmt.Errorf("reach %s: %w", a.host, ended)
		}
	}
	return fmt.Errorf("reach %s: %s; check the network", a.host, sanitize(a.err.Error(), maxText))
}

// readErrorText names the kind of an error that came after the request was sent. Its
// own text may quote what the server answered.
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
