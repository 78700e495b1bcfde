//! One measured run: start services, inject, wait, test, stop, gather, account.
