package main

import (
	"context"
	"slices"
	"strings"
	"time"
)

// quickly parses the command lines that programs use: those of get and helper. The library would
// take longer than the rest of the command. ok is false for an unusual or wrong command line, which
// the library then parses and reports.
func (p *program) quickly(args []string) (line tokenLine, ok bool) {
	switch {
	case len(args) > 1 && args[1] == getName:
		line = newLine(getName, getName)
		line.format, line.shell = getFormats()[0], shells()[0]
		return line, line.read(args[2:])
	case len(args) > 2 && args[1] == helperName && p.protocol(args[2]) != nil:
		line = newLine(args[2], helperName+" "+args[2])
		return line, line.read(args[3:])
	}
	return line, false
}

// answer runs the command of the line.
func (p *program) answer(ctx context.Context, line tokenLine) error {
	if line.command == getName {
		return p.get(ctx, line)
	}
	return p.protocol(line.command)(ctx, line)
}

func newLine(command, below string) tokenLine {
	return tokenLine{
		arguments: arguments{command: command, whole: ownProgram + " " + below},
		minTTL:    durationFlag{name: "min-ttl"},
		timeout:   durationFlag{name: "timeout", value: askTime},
	}
}

// read parses the arguments after the command. It reports whether all of them are usual: no
// repeated flag, no "--", no value that the flag does not take.
func (l *tokenLine) read(args []string) bool {
	var seen []string
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if !isFlag(arg) {
			l.list = append(l.list, arg)
			continue
		}
		name, value, joined := strings.Cut(strings.TrimPrefix(arg[1:], "-"), "=")
		if name == "f" {
			name = "format"
		}
		if slices.Contains(seen, name) {
			return false
		}
		seen = append(seen, name)
		if on := l.toggle(name); on != nil && !joined {
			*on = true
			continue
		}
		if !joined && len(args) > 0 {
			value, args, joined = args[0], args[1:], true
		}
		if !joined || !l.set(name, value) {
			return false
		}
	}
	return true
}

// toggle returns the target of a flag without a value, or nil if there is no such flag.
func (l *tokenLine) toggle(name string) *bool {
	switch {
	case l.command != getName:
	case name == "refresh":
		return &l.refresh
	case name == forceName:
		return &l.force
	case name == "offline":
		return &l.offline
	}
	return nil
}

// set sets a flag. It reports whether the flag exists and takes the value.
func (l *tokenLine) set(name, value string) bool {
	switch ofGet := l.command == getName; {
	case name == l.minTTL.name:
		return l.minTTL.parse(value)
	case name == l.timeout.name:
		return l.timeout.parse(value)
	case ofGet && name == "format":
		l.format = value
		return slices.Contains(getFormats(), value)
	case ofGet && name == "shell":
		l.shell = value
		return slices.Contains(shells(), value)
	case ofGet && name == rejectedFlag:
		l.rejected, l.isRejectedSet = value, true
		return true
	}
	return false
}

func (f *durationFlag) parse(value string) bool {
	var err error
	f.value, err = time.ParseDuration(value)
	f.isSet = true
	return err == nil
}
