//! Result codes (RFC 4511 appendix A).

macro_rules! codes {
    ($($(#[$doc:meta])* $id:ident = $number:literal;)*) => {
        /// How an operation ended.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ResultCode { $($(#[$doc])* $id = $number,)* }

        impl ResultCode {
            /// The name, for figures and logs.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$id => stringify!($id),)* }
            }

            /// The number of the standard.
            #[must_use]
            pub const fn number(self) -> u8 {
                match self { $(Self::$id => $number,)* }
            }
        }
    };
}

codes! {
    /// Done.
    Success = 0;
    /// Out of order.
    OperationsError = 1;
    /// No message of LDAP.
    ProtocolError = 2;
    /// It took too long.
    TimeLimitExceeded = 3;
    /// There is more.
    SizeLimitExceeded = 4;
    /// It is not so.
    CompareFalse = 5;
    /// It is so.
    CompareTrue = 6;
    /// No such way to sign in.
    AuthMethodNotSupported = 7;
    /// It would have been too much work.
    AdminLimitExceeded = 11;
    /// A control that is needed isn't there.
    UnavailableCriticalExtension = 12;
    /// Not in the clear.
    ConfidentialityRequired = 13;
    /// The entry has no such attribute.
    NoSuchAttribute = 16;
    /// Nobody knows the attribute.
    UndefinedAttributeType = 17;
    /// The value can't be compared.
    InvalidAttributeSyntax = 21;
    /// No such entry.
    NoSuchObject = 32;
    /// No name.
    InvalidDnSyntax = 34;
    /// Not signed in.
    InvalidCredentials = 49;
    /// Later.
    Busy = 51;
    /// Not now.
    Unavailable = 52;
    /// Never.
    UnwillingToPerform = 53;
    /// Our side.
    Other = 80;
}
