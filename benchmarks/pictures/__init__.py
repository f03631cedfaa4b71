"""What `python -m benchmarks.images` measures: conversion, encoders, and both in one."""
