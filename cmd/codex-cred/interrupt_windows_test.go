package main

import "errors"

func interrupt(int) error { return errors.ErrUnsupported }

func hangUp(int) error { return errors.ErrUnsupported }
