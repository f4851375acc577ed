//! Who starts before whom, who stops after whom, and why.
