//! The software device passes the suite of every device.

use gm::Device;
use testkit::{
    device::conforms,
    fault::{Counted, Fault, FaultyDevice},
    scratch::Scratch,
};

#[test]
fn the_software_device_conforms() {
    conforms(|| Box::new(Scratch::new()));
}

#[test]
fn a_faulty_device_without_faults_conforms() {
    conforms(|| Box::new(FaultyDevice::new(Scratch::new())));
}

/// The suite can fail: a device that answers one wrong signature does not pass.
#[test]
#[should_panic]
fn a_device_with_a_wrong_signature_does_not_conform() {
    conforms(|| {
        let device = FaultyDevice::new(Scratch::new());
        device.fail(Counted::Signatures, 2, Fault::WrongSignature);
        Box::new(device) as Box<dyn Device>
    });
}
