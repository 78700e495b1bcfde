//! Reports: the model in, named pieces of bytes out.
