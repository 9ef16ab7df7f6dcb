//go:build !darwin && !windows

package keychain

import (
	"context"
	"errors"
	"fmt"

	"github.com/godbus/dbus/v5"

	"github.com/codex-cred/codex-cred/helper"
)

const (
	promptInterface = "org.freedesktop.Secret.Prompt"
	busInterface    = "org.freedesktop.DBus"
)

var (
	errDeclined = errors.New("the secret service asked a person, who declined, or could not ask")
	errVanished = errors.New("the secret service went away")
)

// completePrompt runs the prompt that the provider returned for a change; "/" means none. KeePassXC
// returns a prompt for every creation and deletion, and asks the person in it only if its settings
// say so. A prompt for the password of a collection that has been locked in the meantime is not
// started: then nothing was changed.
func (b bus) completePrompt(ctx context.Context, collection, prompt dbus.ObjectPath) error {
	if prompt == "/" {
		return nil
	}
	if err := b.checkUnlocked(ctx, collection); err != nil {
		return err
	}
	signals := make(chan *dbus.Signal, 8)
	b.conn.Signal(signals)
	for _, match := range [][]dbus.MatchOption{
		{dbus.WithMatchObjectPath(prompt), dbus.WithMatchInterface(promptInterface), dbus.WithMatchMember("Completed")},
		{dbus.WithMatchInterface(busInterface), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, busName)},
	} {
		if err := b.conn.AddMatchSignalContext(ctx, match...); err != nil {
			return fmt.Errorf("listen to the prompt: %w", err)
		}
	}
	err := b.conn.Object(busName, prompt).CallWithContext(ctx, promptInterface+".Prompt", 0, "").Err
	if err != nil {
		err = fmt.Errorf("begin the prompt: %w", err)
	} else {
		err = awaitPrompt(ctx, signals, prompt)
	}
	if ctx.Err() != nil {
		b.dismiss(ctx, prompt)
	}
	return err
}

// dismiss cancels a prompt, so that no person is asked about a change for which no caller waits.
func (b bus) dismiss(ctx context.Context, prompt dbus.ObjectPath) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	// The outcome of the change is unknown in any case.
	_ = b.conn.Object(busName, prompt).CallWithContext(ctx, promptInterface+".Dismiss", 0).Err
}

// awaitPrompt waits for the signal that the prompt is complete.
func awaitPrompt(ctx context.Context, signals <-chan *dbus.Signal, prompt dbus.ObjectPath) error {
	for {
		select {
		case s, open := <-signals:
			switch {
			case !open:
				return dbus.ErrClosed
			case s.Name == busInterface+".NameOwnerChanged":
				return withKind(helper.ErrUnknown, errVanished)
			case s.Name == promptInterface+".Completed" && s.Path == prompt:
				return promptError(s)
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// promptError returns the error of a prompt from its Completed signal.
func promptError(s *dbus.Signal) error {
	var (
		dismissed bool
		result    dbus.Variant
	)
	if err := dbus.Store(s.Body, &dismissed, &result); err != nil {
		return fmt.Errorf("read the answer of the prompt: %w", err)
	}
	if dismissed {
		return withKind(helper.ErrLocked, errDeclined)
	}
	return nil
}
